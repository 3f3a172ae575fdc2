package io.ociregistry.store;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many bytes the cache may have. What is received has its share set aside before it is written, so that all blobs and all that is arriving never
 * have more together; what does not fit is passed on without being kept. Manifest records and lists are small and counted now and then only: the
 * cache may have so many bytes more as were written of them since.
 */
public final class DiskQuota {
    private static final Logger LOG = LoggerFactory.getLogger(DiskQuota.class);

    /** Makes room. */
    public interface Relief {
        /** Tries to, and returns when that is over. */
        void now();

        /** There is less room than there should be. Returns at once. */
        void soon();
    }

    private static final Relief NONE = new Relief() {
        @Override
        public void now() {}

        @Override
        public void soon() {}
    };

    private volatile Limits limits;

    private record Limits(long max, long high) {}

    private final AtomicLong used = new AtomicLong();
    private final AtomicLong reserved = new AtomicLong();
    private final AtomicBoolean isFull = new AtomicBoolean();
    private volatile Relief relief = NONE;

    /** So many bytes; from {@code high} on there is to be made room. */
    public DiskQuota(long max, long high) {
        this.limits = new Limits(max, high);
    }

    /** From now on it is so many bytes; what it is over that is to go. */
    public void limit(long max, long high) {
        limits = new Limits(max, high);
        isFull.set(false);
        look();
    }

    /** As many as the disk has. */
    public static DiskQuota unlimited() {
        return new DiskQuota(Long.MAX_VALUE, Long.MAX_VALUE);
    }

    /** Asks that from now on where there is too little. */
    public void relieveBy(Relief other) {
        relief = other;
        look();
    }

    /** What is used, with what is set aside. */
    public long used() {
        return used.get() + reserved.get();
    }

    /** What is set aside for what is being received. */
    public long reserved() {
        return reserved.get();
    }

    /** False if so many more don't fit, and it is known that nothing can go for them. */
    public boolean mayTake(long bytes) {
        return used() + bytes <= limits.max || !isFull.get();
    }

    /** Takes over how many bytes there are, but for what is being received. */
    public void counted(long bytes) {
        used.set(bytes);
        look();
    }

    /** So many are not there any more. */
    public void freed(long bytes) {
        used.addAndGet(-bytes);
        if (bytes > 0) {
            isFull.set(false);
        }
    }

    private void look() {
        if (used() > limits.high) {
            relief.soon();
        }
    }

    /** The share of something that is received, of which so much is here already. */
    public Share begin(long here) {
        used.addAndGet(-here);
        reserved.addAndGet(here);
        return new Share(here);
    }

    private boolean take(long more) {
        long all = reserved.addAndGet(more) + used.get();
        if (all <= limits.max) {
            return true;
        }
        reserved.addAndGet(-more);
        return false;
    }

    /** The bytes of one download. One thread uses it. */
    public final class Share {
        private long size;
        private long published = -1;

        private Share(long size) {
            this.size = size;
        }

        /** Sets aside what it takes to have so many; waits for room to be made. */
        public boolean expect(long bytes) {
            if (covers(bytes)) {
                return true;
            }
            if (bytes <= limits.max) {
                relief.now();
            }
            return covers(bytes) || refuse(bytes);
        }

        /** Sets aside what it takes to have so many, if there is room. */
        boolean covers(long bytes) {
            if (bytes <= size) {
                return true;
            }
            boolean taken = take(bytes - size);
            if (taken) {
                size = bytes;
            }
            return taken;
        }

        /** It is a blob now. */
        public void published(long bytes) {
            published = bytes;
        }

        /** It is over. If it was not published, so many bytes of it stay. */
        public void end(long partial) {
            reserved.addAndGet(-size);
            used.addAndGet(published < 0 ? partial : published);
            size = 0;
            look();
        }

        private boolean refuse(long bytes) {
            if (isFull.compareAndSet(false, true)) {
                LOG.warn(
                        "the cache has {} of the {} bytes of cache.maxSize, and nothing can go: a blob of {} and others"
                                + " that don't fit are passed on without being kept",
                        used(),
                        limits.max,
                        bytes);
            }
            return false;
        }
    }
}
