package io.ociregistry.testing;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.manifest.ManifestStore;

/** The records of a cache, as a server opens them that nobody configured. */
public final class Records {
    private Records() {}

    public static ManifestStore in(Layout layout) {
        return new ManifestStore(layout, ServerConfig.defaults().maxManifestBytes());
    }
}
