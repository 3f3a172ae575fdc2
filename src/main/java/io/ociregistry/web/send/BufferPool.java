package io.ociregistry.web.send;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Buffers for bodies in flight. Thread-safe.
 *
 * <p>The bytes that a client has not read yet stay in its buffer for an unlimited time. So the number of large buffers
 * is limited: all together take at most a sixteenth of the heap. Other clients get small buffers, which cost twice the
 * processor time per byte.
 */
final class BufferPool {
    static final int LARGE = 32 << 10;

    /** More than 8 KiB, because Jetty copies smaller writes to a buffer of its own, of 32 KiB. */
    static final int SMALL = 9 << 10;

    private final Semaphore large;
    private final Queue<byte[]> idle = new ConcurrentLinkedQueue<>();

    BufferPool(long heap) {
        this.large = new Semaphore((int) Math.min(1024, Math.max(1, heap / 16 / LARGE)));
    }

    byte[] acquire() {
        byte[] used = idle.poll();
        if (used != null) {
            return used;
        }
        return large.tryAcquire() ? new byte[LARGE] : new byte[SMALL];
    }

    /** Takes back a buffer that is not in use any more. */
    void release(byte[] buffer) {
        if (buffer.length == LARGE) {
            idle.add(buffer);
        }
    }

    /** Drops a buffer that the container may still be using, so that it is never reused. */
    void discard(byte[] buffer) {
        if (buffer.length == LARGE) {
            large.release();
        }
    }

    /** The buffer of one body: taken from the pool at the first use. Any thread may return or drop it. */
    static final class Lease {
        private final BufferPool pool;
        private final AtomicReference<byte @Nullable []> buffer = new AtomicReference<>();

        Lease(BufferPool pool) {
            this.pool = pool;
        }

        /** Returns the buffer, and takes one from the pool if there is none yet. One thread at a time calls this. */
        byte[] get() {
            byte[] bytes = buffer.get();
            if (bytes == null) {
                bytes = pool.acquire();
                buffer.set(bytes);
            }
            return bytes;
        }

        /** Returns the buffer to the pool, if there is one. It must not be in use any more. */
        void release() {
            byte[] bytes = buffer.getAndSet(null);
            if (bytes != null) {
                pool.release(bytes);
            }
        }

        /** Drops the buffer, if there is one, because the container may still be using it. */
        void discard() {
            byte[] bytes = buffer.getAndSet(null);
            if (bytes != null) {
                pool.discard(bytes);
            }
        }
    }
}
