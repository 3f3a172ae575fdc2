package io.ociregistry.registry;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.registry.index.RecordWatcher;
import io.ociregistry.upstream.Upstreams;
import io.ociregistry.upstream.pool.HttpUpstreams;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;

/** Opens a registry with upstreams, a clock or a polling interval of the test. */
public final class ContextWith {
    private ContextWith() {}

    public static RegistryContext upstreams(ServerConfig config, Upstreams upstreams, Clock clock) throws IOException {
        return RegistryContext.open(config, upstreams, clock);
    }

    /** Polls for files of other programs at these intervals. */
    public static RegistryContext pollingEvery(ServerConfig config, Duration atMost, Duration always)
            throws IOException {
        return RegistryContext.open(
                config,
                HttpUpstreams.of(config),
                Clock.systemUTC(),
                new RecordWatcher.ScanIntervals(atMost, 0, always));
    }
}
