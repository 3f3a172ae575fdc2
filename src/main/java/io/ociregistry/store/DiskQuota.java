package io.ociregistry.store;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The quota of the cache in bytes ({@code cache.maxSize}).
 *
 * <p>A download reserves space before it writes, so that stored blobs and partial files together never exceed the
 * quota; a blob that does not fit is passed through without being stored (ADR 22). Manifest records and lists are small
 * and are only counted by {@link #setUsed}; the cache may exceed the quota by those written since the last count.
 * Thread-safe.
 */
public final class DiskQuota {
    private static final Logger LOG = LoggerFactory.getLogger(DiskQuota.class);

    /** Frees space by deleting what the cache needs least. */
    public interface Evictor {
        /** Tries to free space, and returns when the attempt is over. */
        void evictNow();

        /** Starts to free space because more than the high-water mark is used. Returns immediately. */
        void evictSoon();
    }

    private static final Evictor NONE = new Evictor() {
        @Override
        public void evictNow() {}

        @Override
        public void evictSoon() {}
    };

    private volatile Limits limits;

    private record Limits(long max, long high) {}

    private final AtomicLong used = new AtomicLong();
    private final AtomicLong reserved = new AtomicLong();
    private final AtomicBoolean isFull = new AtomicBoolean();
    private volatile Evictor evictor = NONE;

    /**
     * @param max the most bytes that the cache may use
     * @param high the high-water mark in bytes, above which the evictor is called
     */
    public DiskQuota(long max, long high) {
        this.limits = new Limits(max, high);
    }

    /** Changes the limits, also for downloads in flight, and calls the evictor if the high-water mark is exceeded. */
    public void setLimits(long max, long high) {
        limits = new Limits(max, high);
        isFull.set(false);
        evictAboveHighWater();
    }

    /** Returns a quota that only the size of the disk limits. */
    public static DiskQuota unlimited() {
        return new DiskQuota(Long.MAX_VALUE, Long.MAX_VALUE);
    }

    /** Sets the evictor that is called when space runs short. */
    public void setEvictor(Evictor newEvictor) {
        evictor = newEvictor;
        evictAboveHighWater();
    }

    /** Returns the most bytes that the cache may use. */
    public long max() {
        return limits.max;
    }

    /** Returns the used bytes, including those reserved. */
    public long used() {
        return used.get() + reserved.get();
    }

    /** Returns the bytes that are reserved for downloads in flight. */
    public long reserved() {
        return reserved.get();
    }

    /** Returns false if so many more bytes do not fit, and a reservation was refused since space was last freed. */
    public boolean canStore(long bytes) {
        return used() + bytes <= limits.max || !isFull.get();
    }

    /** Replaces the number of used bytes, without those reserved, by a number that was counted on disk. */
    public void setUsed(long bytes) {
        used.set(bytes);
        evictAboveHighWater();
    }

    /** Subtracts the bytes of files that were deleted. */
    public void freed(long bytes) {
        used.addAndGet(-bytes);
        if (bytes > 0) {
            isFull.set(false);
        }
    }

    private void evictAboveHighWater() {
        if (used() > limits.high) {
            evictor.evictSoon();
        }
    }

    /**
     * Starts the reservation of a download.
     *
     * @param present bytes of its partial file, which are counted as used so far
     */
    public Reservation startReservation(long present) {
        used.addAndGet(-present);
        reserved.addAndGet(present);
        return new Reservation(present);
    }

    private boolean reserve(long more) {
        long all = reserved.addAndGet(more) + used.get();
        if (all <= limits.max) {
            return true;
        }
        reserved.addAndGet(-more);
        return false;
    }

    /** The reserved bytes of one download. Not thread-safe: the thread of the download uses it. */
    public final class Reservation {
        private long size;
        private long published = -1;

        private Reservation(long size) {
            this.size = size;
        }

        /**
         * Extends the reservation to so many bytes, and waits for the evictor if they do not fit. Returns false if they
         * do not fit after that either.
         */
        public boolean extend(long bytes) {
            if (tryExtend(bytes)) {
                return true;
            }
            if (bytes <= limits.max) {
                evictor.evictNow();
            }
            return tryExtend(bytes) || refuse(bytes);
        }

        /** Extends the reservation to so many bytes if they fit now. */
        boolean tryExtend(long bytes) {
            if (bytes <= size) {
                return true;
            }
            boolean fits = reserve(bytes - size);
            if (fits) {
                size = bytes;
            }
            return fits;
        }

        /** Returns true once the download was published as a blob. */
        public boolean isPublished() {
            return published >= 0;
        }

        /** Records that the download was published as a blob of so many bytes. */
        public void published(long bytes) {
            published = bytes;
        }

        /**
         * Releases the reservation, and counts the published blob as used.
         *
         * @param partial bytes of the partial file that stays if the blob was not published
         */
        public void release(long partial) {
            reserved.addAndGet(-size);
            used.addAndGet(isPublished() ? published : partial);
            size = 0;
            evictAboveHighWater();
        }

        private boolean refuse(long bytes) {
            if (isFull.compareAndSet(false, true)) {
                LOG.warn(
                        "the cache uses {} of the {} bytes of cache.maxSize, and pruning frees too little: a blob of {}"
                                + " bytes and others that do not fit are passed through without being stored;"
                                + " raise cache.maxSize",
                        used(),
                        limits.max,
                        bytes);
            }
            return false;
        }
    }
}
