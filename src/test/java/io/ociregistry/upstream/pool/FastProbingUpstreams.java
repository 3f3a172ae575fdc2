package io.ociregistry.upstream.pool;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.tls.SystemTrust;
import io.ociregistry.upstream.Upstreams;
import io.ociregistry.upstream.address.HostResolver;
import io.ociregistry.upstream.health.Breaker;
import java.time.Duration;

/** Creates real upstreams with the resolver of the test and with probes at short intervals. */
public final class FastProbingUpstreams {
    private static final Breaker.ProbeSchedule SOON =
            new Breaker.ProbeSchedule(Duration.ofMillis(100), Duration.ofMillis(400));

    private FastProbingUpstreams() {}

    public static Upstreams of(ServerConfig config, HostResolver names) {
        return new HttpUpstreams(config, names, SystemTrust.ofThisMachine(), SOON);
    }
}
