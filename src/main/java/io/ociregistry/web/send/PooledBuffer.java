package io.ociregistry.web.send;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** What one body has of the {@link BufferPool}: one at the most, from when it is needed. Any thread may end that. */
final class PooledBuffer {
    private final BufferPool buffers;
    private final AtomicReference<byte @Nullable []> lent = new AtomicReference<>();

    PooledBuffer(BufferPool buffers) {
        this.buffers = buffers;
    }

    /** The one that it has, or has from now on. */
    byte[] get() {
        byte[] bytes = lent.get();
        if (bytes == null) {
            bytes = buffers.take();
            lent.set(bytes);
        }
        return bytes;
    }

    /** Nobody uses it any more: others may have it. */
    void giveBack() {
        byte[] bytes = lent.getAndSet(null);
        if (bytes != null) {
            buffers.give(bytes);
        }
    }

    /** The container may still be using it: nobody gets it again. */
    void forget() {
        byte[] bytes = lent.getAndSet(null);
        if (bytes != null) {
            buffers.forget(bytes);
        }
    }
}
