package io.ociregistry.registry;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.registry.catalog.RecordWatcher;
import io.ociregistry.upstream.Upstreams;
import io.ociregistry.upstream.pool.HttpUpstreams;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;

/** The real registry on upstreams and with a clock of a test's own. */
public final class ContextWith {
    private ContextWith() {}

    public static RegistryContext upstreams(ServerConfig config, Upstreams upstreams, Clock clock) throws IOException {
        return RegistryContext.open(config, upstreams, clock);
    }

    /** What other programs put into the cache is looked for so often. */
    public static RegistryContext looksEvery(ServerConfig config, Duration atMost, Duration always) throws IOException {
        return RegistryContext.open(
                config, HttpUpstreams.of(config), Clock.systemUTC(), new RecordWatcher.Pace(atMost, 0, always));
    }
}
