package io.ociregistry.store.disk;

import io.ociregistry.common.FileErrors;
import java.io.IOException;
import java.util.Locale;

/** Texts for failed writes to the disk of a store. */
public final class DiskFailure {
    private DiskFailure() {}

    /** Describes a failure; for a full disk, also the remedy. */
    public static String describe(IOException e) {
        String reason = FileErrors.reason(e);
        String text = reason.toLowerCase(Locale.ROOT);
        boolean isFull = text.contains("no space left") || text.contains("quota exceeded");
        return isFull
                ? "the disk is full (" + reason
                        + "); make room, prune the cache, or set cache.maxSize below the size of" + " the disk"
                : reason;
    }
}
