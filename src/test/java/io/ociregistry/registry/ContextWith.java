package io.ociregistry.registry;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.upstream.Upstreams;
import java.io.IOException;

/** The real registry on upstreams of a test's own. */
public final class ContextWith {
    private ContextWith() {}

    public static RegistryContext upstreams(ServerConfig config, Upstreams upstreams) throws IOException {
        return RegistryContext.open(config, upstreams);
    }
}
