package io.ociregistry.web.send;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

class BufferPoolTest {
    /** A pool with two large pool. */
    private final BufferPool pool = new BufferPool(2 * 16 * BufferPool.LARGE);

    @Test
    void largeBuffersTakeASixteenthOfTheHeap() {
        assertEquals(BufferPool.LARGE, pool.take().length);
        assertEquals(BufferPool.LARGE, pool.take().length);
        for (int i = 0; i < 1000; i++) {
            assertEquals(BufferPool.SMALL, pool.take().length);
        }
    }

    @Test
    void returnedBufferIsReused() {
        byte[] buffer = pool.take();
        pool.give(buffer);
        assertSame(buffer, pool.take());
    }

    @Test
    void droppedBufferIsReplaced() {
        pool.take();
        pool.forget(pool.take());
        assertEquals(BufferPool.LARGE, pool.take().length);
    }
}
