package io.ociregistry.upstream.pool;

import io.ociregistry.config.ServerConfig;
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
 * The registries that are reached over HTTP.
 *
 * <p>Each has its own threads, so that none keeps another waiting. A configured one has its own connections and TLS too, and so has each of its
 * mirrors; the others share theirs, and are reached at public addresses only, over verified https and anonymously, if they may be asked at all.
 * What a wildcard says counts for each of its registries as if that had an entry of its own.
 */
public final class HttpUpstreams implements Upstreams {
    /** More than anybody chains; who comes through more is in a loop with something that hides. */
    private static final int MOST_HOPS = 10;

    private final String self = Via.pseudonym();
    private final UpstreamFactory factory;
    /** Replaced, and added to, under the lock. */
    private volatile UpstreamPool now;

    public HttpUpstreams(ServerConfig config, HostResolver names, SystemTrust trust, Breaker.Pace pace) {
        this(config, names, trust, pace, HelperPrograms.SYSTEM);
    }

    HttpUpstreams(
            ServerConfig config, HostResolver names, SystemTrust trust, Breaker.Pace pace, HelperPrograms helpers) {
        this.factory = new UpstreamFactory(self, names, trust, pace, helpers);
        this.now = new UpstreamPool(config, factory, Optional.empty());
    }

    /** The registries of a configuration. Nothing is connected to, and no file read, before it is needed. */
    public static HttpUpstreams of(ServerConfig config) {
        return new HttpUpstreams(config, HostResolver.SYSTEM, SystemTrust.ofThisMachine(), Breaker.Pace.DEFAULT);
    }

    /**
     * The upstream of that name; makes no connection.
     *
     * @throws RegistryException {@link ErrorCode#LOOP} too, where the request that the calling thread works for came from here
     */
    @Override
    public Upstream get(RegistryName name) {
        refuseLoop(name);
        return now.find(name).orElseGet(() -> unknown(name)).upstream();
    }

    /** One after the other, so that none is added to those that a reload has just looked through. */
    private synchronized PooledUpstream unknown(RegistryName name) {
        return now.get(name);
    }

    private void refuseLoop(RegistryName name) {
        Via via = Via.here();
        if (via.cameThrough(self)) {
            throw new RegistryException(
                    ErrorCode.LOOP,
                    name
                            + " is not asked: this request came through this server before, so its mirrors, or those of others, form a loop");
        }
        if (via.hops().size() > MOST_HOPS) {
            throw new RegistryException(
                    ErrorCode.LOOP,
                    name + " is not asked: this request came through "
                            + via.hops().size() + " servers already, and " + MOST_HOPS
                            + " are the most; are there mirrors that form a loop?");
        }
    }

    @Override
    public List<Upstream> known() {
        return now.all().map(PooledUpstream::upstream).toList();
    }

    @Override
    public synchronized void reload(ServerConfig config) {
        UpstreamPool before = now;
        UpstreamPool after = new UpstreamPool(config, factory, Optional.of(before));
        now = after;
        before.retireBut(after);
    }

    /** Ends all work, that of upstreams that are not configured any more too, within 2 seconds however many there are. */
    @Override
    public void close() {
        factory.close();
    }
}
