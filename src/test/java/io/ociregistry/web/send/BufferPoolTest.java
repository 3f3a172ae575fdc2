package io.ociregistry.web.send;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

class BufferPoolTest {
    /** Room for two large ones. */
    private final BufferPool buffers = new BufferPool(2 * 16 * BufferPool.LARGE);

    @Test
    void onlyASixteenthOfTheHeapIsGivenOutInLargeBuffers() {
        assertEquals(BufferPool.LARGE, buffers.take().length);
        assertEquals(BufferPool.LARGE, buffers.take().length);
        for (int i = 0; i < 1000; i++) {
            assertEquals(BufferPool.SMALL, buffers.take().length);
        }
    }

    @Test
    void aBufferThatIsGivenBackIsTakenAgain() {
        byte[] buffer = buffers.take();
        buffers.give(buffer);
        assertSame(buffer, buffers.take());
    }

    @Test
    void aForgottenBufferMakesRoomForAnother() {
        buffers.take();
        buffers.forget(buffers.take());
        assertEquals(BufferPool.LARGE, buffers.take().length);
    }
}
