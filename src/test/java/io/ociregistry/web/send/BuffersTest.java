package io.ociregistry.web.send;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

class BuffersTest {
    /** Room for two large ones. */
    private final Buffers buffers = new Buffers(2 * 16 * Buffers.LARGE);

    @Test
    void onlyASixteenthOfTheHeapIsGivenOutInLargeBuffers() {
        assertEquals(Buffers.LARGE, buffers.take().length);
        assertEquals(Buffers.LARGE, buffers.take().length);
        for (int i = 0; i < 1000; i++) {
            assertEquals(Buffers.SMALL, buffers.take().length);
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
        assertEquals(Buffers.LARGE, buffers.take().length);
    }
}
