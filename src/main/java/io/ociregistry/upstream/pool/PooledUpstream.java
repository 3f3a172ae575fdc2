package io.ociregistry.upstream.pool;

import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.http.HttpUpstream;
import io.ociregistry.upstream.net.UpstreamClients;
import io.ociregistry.upstream.work.Bandwidth;
import io.ociregistry.upstream.work.UpstreamExecutors;
import java.util.List;
import java.util.Optional;

/**
 * A registry as it is asked, and what has to be let go with it.
 *
 * @param sources itself and its mirrors
 * @param clients its own; none where it shares those of others
 */
record PooledUpstream(
        UpstreamSettings reach,
        Upstream upstream,
        List<HttpUpstream> sources,
        List<UpstreamClients> clients,
        Line line) {
    /** What a registry has to itself for as long as its limits stay the same: its threads, and its share of the bandwidth. */
    record Line(UpstreamExecutors executors, Optional<Bandwidth> bandwidth) {}

    /** Keeps nothing for requests that won't come. Who has it already is served on, to the end. */
    void retire() {
        sources.forEach(HttpUpstream::retire);
        clients.forEach(UpstreamClients::retire);
    }
}
