package io.ociregistry.registry;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.upstream.Upstreams;
import java.io.IOException;
import java.time.Clock;

/** The real registry on upstreams and with a clock of a test's own. */
public final class ContextWith {
    private ContextWith() {}

    public static RegistryContext upstreams(ServerConfig config, Upstreams upstreams, Clock clock) throws IOException {
        return RegistryContext.open(config, upstreams, clock);
    }
}
