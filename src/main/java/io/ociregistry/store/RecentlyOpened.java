package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongSupplier;

/**
 * Which blobs were opened a moment ago: containers that send files by themselves open them again by name, after we have handed them out
 * (DECISIONS 3). Noting costs no lock and no memory. Two digests may share a place, so one may be told as opened that was not, never the other way
 * round.
 */
final class RecentlyOpened {
    static final Duration MOMENT = Duration.ofSeconds(60);
    private static final int PLACES = 1 << 13;

    private final LongSupplier nanoTime;
    /** 0 for never. */
    private final AtomicLongArray last = new AtomicLongArray(PLACES);

    RecentlyOpened(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    void note(Digest digest) {
        last.set(place(digest), nanoTime.getAsLong() | 1);
    }

    boolean has(Digest digest) {
        long opened = last.get(place(digest));
        return opened != 0 && nanoTime.getAsLong() - opened < MOMENT.toNanos();
    }

    private static int place(Digest digest) {
        return digest.hashCode() & (PLACES - 1);
    }
}
