package io.ociregistry.web.send;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;

/**
 * Memory for bodies on their way. What a client has not taken yet stays in its buffer, for as long as it likes, so only so many clients
 * get large ones: all of them together take a sixteenth of the heap. The others get small ones, which cost twice the processor time a byte.
 */
final class BufferPool {
    static final int LARGE = 32 << 10;

    /** More than 8 KiB: up to that Jetty would copy it to a buffer of its own, of 32 KiB. */
    static final int SMALL = 9 << 10;

    private final Semaphore large;
    private final Queue<byte[]> idle = new ConcurrentLinkedQueue<>();

    BufferPool(long heap) {
        this.large = new Semaphore((int) Math.min(1024, Math.max(1, heap / 16 / LARGE)));
    }

    byte[] take() {
        byte[] used = idle.poll();
        if (used != null) {
            return used;
        }
        return large.tryAcquire() ? new byte[LARGE] : new byte[SMALL];
    }

    /** Takes one back that nobody uses any more. */
    void give(byte[] buffer) {
        if (buffer.length == LARGE) {
            idle.add(buffer);
        }
    }

    /** Lets one go that the container may still be using. */
    void forget(byte[] buffer) {
        if (buffer.length == LARGE) {
            large.release();
        }
    }
}
