package io.ociregistry.registry.catalog;

import io.ociregistry.oci.Digest;
import java.util.HashSet;
import java.util.Set;

/** Blobs that somebody relies on whose manifests are not here yet: nothing is pruned of them until this is closed. One thread uses it. */
public final class PrunePins implements AutoCloseable {
    private final ContentIndex catalog;
    private final Set<Digest> held = new HashSet<>();

    public PrunePins(ContentIndex catalog) {
        this.catalog = catalog;
    }

    /** To be called before one looks whether it is here. */
    public void hold(Digest blob) {
        if (held.add(blob)) {
            catalog.hold(blob);
        }
    }

    @Override
    public void close() {
        held.forEach(catalog::release);
        held.clear();
    }
}
