package io.ociregistry.upstream.pool;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.metrics.Metrics;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.tls.SystemTrust;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.Upstreams;
import io.ociregistry.upstream.Via;
import io.ociregistry.upstream.address.HostResolver;
import io.ociregistry.upstream.credentials.HelperPrograms;
import io.ociregistry.upstream.health.Breaker;
import java.util.List;
import java.util.Optional;

/**
 * The upstreams that are reached over HTTP. Thread-safe; closing it ends the work of all upstreams.
 *
 * <p>Each registry has its own threads, so that no registry delays another. A configured registry, and each of its
 * mirrors, also has its own connections and TLS settings. Unlisted registries share connections; they are reached only
 * at public addresses, over verified https and anonymously, or not at all. A wildcard entry applies to each matching
 * registry as an entry of its own.
 */
public final class HttpUpstreams implements Upstreams {
    /** More servers are taken for a loop with servers that do not send {@code Via} (ADR 18). */
    private static final int MAX_HOPS = 10;

    private final String pseudonym = Via.pseudonym();
    private final Metrics metrics = new Metrics();
    private final UpstreamFactory factory;
    /** Replaced, and extended, only under the lock. */
    private volatile UpstreamPool current;

    public HttpUpstreams(ServerConfig config, HostResolver names, SystemTrust trust, Breaker.ProbeSchedule probes) {
        this(config, names, trust, probes, HelperPrograms.SYSTEM);
    }

    HttpUpstreams(
            ServerConfig config,
            HostResolver names,
            SystemTrust trust,
            Breaker.ProbeSchedule probes,
            HelperPrograms helpers) {
        this.factory = new UpstreamFactory(pseudonym, names, trust, probes, helpers, metrics);
        this.current = new UpstreamPool(config, factory, Optional.empty());
    }

    /** Creates the upstreams of a configuration. Opens no connection and reads no file before it is needed. */
    public static HttpUpstreams of(ServerConfig config) {
        return new HttpUpstreams(
                config, HostResolver.SYSTEM, SystemTrust.ofThisMachine(), Breaker.ProbeSchedule.DEFAULT);
    }

    /**
     * {@inheritDoc}
     *
     * @throws RegistryException also {@link ErrorCode#LOOP} if the thread's request passed through this server
     */
    @Override
    public Upstream get(RegistryName name) {
        refuseLoop(name);
        return current.find(name).orElseGet(() -> create(name)).upstream();
    }

    /** Locked, so that no upstream is added to a pool that a reload has already copied. */
    private synchronized PooledUpstream create(RegistryName name) {
        return current.get(name);
    }

    private void refuseLoop(RegistryName name) {
        Via via = Via.current();
        if (via.passedThrough(pseudonym)) {
            throw new RegistryException(
                    ErrorCode.LOOP,
                    name + " was not asked, because this request passed through this server before;"
                            + " remove the loop of mirrors from the configurations");
        }
        if (via.hops().size() > MAX_HOPS) {
            throw new RegistryException(
                    ErrorCode.LOOP,
                    name + " was not asked, because this request passed through "
                            + via.hops().size() + " servers and the limit is " + MAX_HOPS
                            + "; check the configurations for a loop of mirrors");
        }
    }

    @Override
    public List<Upstream> known() {
        return current.all().map(PooledUpstream::upstream).toList();
    }

    @Override
    public Metrics metrics() {
        return metrics;
    }

    @Override
    public synchronized void reload(ServerConfig config) {
        UpstreamPool before = current;
        UpstreamPool after = new UpstreamPool(config, factory, Optional.of(before));
        current = after;
        before.drainReplaced(after);
    }

    /** Ends all work within 2 seconds, also the work of upstreams that are no longer configured. */
    @Override
    public void close() {
        factory.close();
    }
}
