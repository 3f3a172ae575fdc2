package io.ociregistry.store.download;

import java.nio.ByteBuffer;

/**
 * A ring buffer of 1 MiB for a download that can't be stored on disk; it moves on as its readers do (ADR 9).
 *
 * <p>Positions count from the first byte of the blob. Discarded bytes can't be read again. Thread-safe.
 */
final class PassThroughBuffer {
    static final int SIZE = 1 << 20;

    private final byte[] ring = new byte[SIZE];
    // Guarded by "this": the position of the oldest byte in the buffer, and the position after the newest one.
    private long from;
    private long to;

    /** Creates an empty buffer whose first byte will be the byte at a position. */
    PassThroughBuffer(long position) {
        this.from = position;
        this.to = position;
    }

    /**
     * Discards bytes that no reader needs any more, and adds as many bytes as fit.
     *
     * @param needed the position of the first byte that a reader still needs
     * @return how many bytes were added
     */
    synchronized int put(ByteBuffer bytes, long needed) {
        from = Math.max(from, Math.min(needed, to));
        int count = (int) Math.min(bytes.remaining(), SIZE - (to - from));
        int at = (int) (to % SIZE);
        int first = Math.min(count, SIZE - at);
        bytes.get(ring, at, first);
        bytes.get(ring, 0, count - first);
        to += count;
        return count;
    }

    /** Reads the bytes from a position on; 0 if they have not arrived yet or were discarded. */
    synchronized int read(long position, ByteBuffer into) {
        if (!canServe(position)) {
            return 0;
        }
        int count = (int) Math.min(into.remaining(), to - position);
        int at = (int) (position % SIZE);
        int first = Math.min(count, SIZE - at);
        into.put(ring, at, first);
        into.put(ring, 0, count - first);
        return count;
    }

    /** Returns false if the byte at a position was discarded, or comes before the first byte of this buffer. */
    synchronized boolean canServe(long position) {
        return position >= from;
    }
}
