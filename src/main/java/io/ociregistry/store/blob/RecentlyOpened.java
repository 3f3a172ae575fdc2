package io.ociregistry.store.blob;

import io.ociregistry.oci.Digest;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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

    private final Set<Digest> deleting = ConcurrentHashMap.newKeySet();

    RecentlyOpened(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Notes that a blob is about to be opened. False if it is being deleted just now. */
    boolean mayOpen(Digest digest) {
        last.set(place(digest), nanoTime.getAsLong() | 1);
        // Each side notes first and looks then, so one of two that come together sees the other.
        return !deleting.contains(digest);
    }

    /** From now on nobody opens it. False if somebody did a moment ago. */
    boolean beginDeleting(Digest digest) {
        deleting.add(digest);
        long opened = last.get(place(digest));
        boolean isOpened = opened != 0 && nanoTime.getAsLong() - opened < MOMENT.toNanos();
        if (isOpened) {
            deleting.remove(digest);
        }
        return !isOpened;
    }

    void endDeleting(Digest digest) {
        deleting.remove(digest);
    }

    private static int place(Digest digest) {
        return digest.hashCode() & (PLACES - 1);
    }
}
