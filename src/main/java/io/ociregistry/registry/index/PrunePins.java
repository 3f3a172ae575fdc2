package io.ociregistry.registry.index;

import io.ociregistry.oci.Digest;
import java.util.HashSet;
import java.util.Set;

/**
 * Pins blobs whose manifests are not recorded yet, so that a prune spares them until this is closed; used by one
 * thread.
 */
public final class PrunePins implements AutoCloseable {
    private final ContentIndex index;
    private final Set<Digest> pinned = new HashSet<>();

    public PrunePins(ContentIndex index) {
        this.index = index;
    }

    /** Pins a blob; to be called before the check whether the blob is cached. */
    public void pin(Digest blob) {
        if (pinned.add(blob)) {
            index.pin(blob);
        }
    }

    @Override
    public void close() {
        pinned.forEach(index::unpin);
        pinned.clear();
    }
}
