package io.ociregistry.upstream.pool;

import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.http.HttpUpstream;
import io.ociregistry.upstream.net.UpstreamClients;
import io.ociregistry.upstream.work.Bandwidth;
import io.ociregistry.upstream.work.UpstreamExecutors;
import java.util.List;
import java.util.Optional;

/**
 * An upstream with the resources that are released with it.
 *
 * @param sources the registry and its mirrors
 * @param clients the connections of its own; none for an unlisted registry, which shares connections
 */
record PooledUpstream(
        UpstreamSettings settings,
        Upstream upstream,
        List<HttpUpstream> sources,
        List<UpstreamClients> clients,
        Resources resources) {
    /** The threads and the bandwidth limit of one registry, which stay in use while its limits are unchanged. */
    record Resources(UpstreamExecutors executors, Optional<Bandwidth> bandwidth) {}

    /** Stops probes and closes idle connections; no new work will come. Work in flight continues. */
    void drain() {
        sources.forEach(HttpUpstream::drain);
        clients.forEach(UpstreamClients::drain);
    }
}
