package io.ociregistry.store.download;

import java.nio.ByteBuffer;

/**
 * The last piece of something that arrives and can't be kept on disk: 1 MiB in memory that moves on as its readers do (DECISIONS 17).
 *
 * <p>Positions are those of the whole. What was given up can't be had again.
 */
final class PassThroughBuffer {
    static final int SIZE = 1 << 20;

    private final byte[] ring = new byte[SIZE];
    // Guarded by this: the positions of the oldest byte held, and after the newest one.
    private long from;
    private long to;

    /** An empty one whose first byte will be the one at that position. */
    PassThroughBuffer(long position) {
        this.from = position;
        this.to = position;
    }

    /**
     * Takes what there is room for.
     *
     * @param needed the position before which nobody needs anything any more
     * @return how many bytes were taken
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

    /** Reads what is there; 0 if nothing is, or nothing any more. */
    synchronized int read(long position, ByteBuffer into) {
        if (!holds(position)) {
            return 0;
        }
        int count = (int) Math.min(into.remaining(), to - position);
        int at = (int) (position % SIZE);
        int first = Math.min(count, SIZE - at);
        into.put(ring, at, first);
        into.put(ring, 0, count - first);
        return count;
    }

    /** False if the byte at that position has been given up, or never was in here. */
    synchronized boolean holds(long position) {
        return position >= from;
    }
}
