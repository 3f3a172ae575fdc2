package io.ociregistry.store.blob;

import io.ociregistry.oci.Digest;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongSupplier;

/**
 * The blobs that were opened in the last 60 seconds, which are not deleted (ADR 21).
 *
 * <p>A servlet container that sends files by itself opens a file again by its name after the blob was opened here. To
 * note an opening takes no lock and no memory. Two digests may share a slot, so a blob may count as opened that was
 * not, but never the other way round. Thread-safe.
 */
final class RecentlyOpened {
    static final Duration RECENT = Duration.ofSeconds(60);
    private static final int SLOTS = 1 << 13;

    private final LongSupplier nanoTime;
    /** When a blob of each slot was last opened; 0 for never. */
    private final AtomicLongArray lastOpened = new AtomicLongArray(SLOTS);

    private final Set<Digest> deleting = ConcurrentHashMap.newKeySet();

    RecentlyOpened(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Notes that a blob is about to be opened; false if it is being deleted. */
    boolean canOpen(Digest digest) {
        lastOpened.set(slot(digest), nanoTime.getAsLong() | 1);
        // Opening and deleting both write first and then check, so at least one of two concurrent calls sees the other.
        return !deleting.contains(digest);
    }

    /** Prevents that a blob is opened until {@link #finishDeleting}; false if it was opened in the last 60 seconds. */
    boolean startDeleting(Digest digest) {
        deleting.add(digest);
        long opened = lastOpened.get(slot(digest));
        boolean isOpened = opened != 0 && nanoTime.getAsLong() - opened < RECENT.toNanos();
        if (isOpened) {
            deleting.remove(digest);
        }
        return !isOpened;
    }

    void finishDeleting(Digest digest) {
        deleting.remove(digest);
    }

    private static int slot(Digest digest) {
        return digest.hashCode() & (SLOTS - 1);
    }
}
