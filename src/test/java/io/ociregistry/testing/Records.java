package io.ociregistry.testing;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.Quarantine;
import io.ociregistry.store.manifest.DiskManifestStore;

/** Opens the records of a cache as a server with default settings does. */
public final class Records {
    private Records() {}

    public static DiskManifestStore in(Layout layout) {
        return new DiskManifestStore(
                layout, new Quarantine(layout), ServerConfig.defaults().maxManifestBytes());
    }
}
