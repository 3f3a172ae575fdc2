package io.ociregistry.web.send;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

class BufferPoolTest {
    /** A pool with two large pool. */
    private final BufferPool pool = new BufferPool(2 * 16 * BufferPool.LARGE);

    @Test
    void largeBuffersTakeASixteenthOfTheHeap() {
        assertEquals(BufferPool.LARGE, pool.acquire().length);
        assertEquals(BufferPool.LARGE, pool.acquire().length);
        for (int i = 0; i < 1000; i++) {
            assertEquals(BufferPool.SMALL, pool.acquire().length);
        }
    }

    @Test
    void returnedBufferIsReused() {
        byte[] buffer = pool.acquire();
        pool.release(buffer);
        assertSame(buffer, pool.acquire());
    }

    @Test
    void droppedBufferIsReplaced() {
        pool.acquire();
        pool.discard(pool.acquire());
        assertEquals(BufferPool.LARGE, pool.acquire().length);
    }
}
