package io.ociregistry.web.send;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The buffer of one body: taken from the {@link BufferPool} at the first use. Any thread may return or drop it. */
final class PooledBuffer {
    private final BufferPool pool;
    private final AtomicReference<byte @Nullable []> buffer = new AtomicReference<>();

    PooledBuffer(BufferPool pool) {
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
