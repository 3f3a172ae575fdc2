package io.ociregistry.testing;

import io.ociregistry.store.DiskQuota;
import io.ociregistry.store.blob.DiskBlobStore;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.Quarantine;
import java.time.Duration;

/** Opens the blobs of a cache without a quota. */
public final class Blobs {
    private Blobs() {}

    public static DiskBlobStore in(Layout layout) {
        return new DiskBlobStore(
                layout, new Quarantine(layout), () -> Duration.ofSeconds(30), DiskQuota.unlimited(), System::nanoTime);
    }
}
