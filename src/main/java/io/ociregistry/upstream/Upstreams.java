package io.ociregistry.upstream;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.metrics.Metrics;
import io.ociregistry.oci.RegistryName;
import java.util.List;

/** All upstreams: the configured registries, and the policy for unlisted ones. Thread-safe. */
public interface Upstreams extends AutoCloseable {
    /**
     * Returns the upstream of that name. Makes no connection.
     *
     * @throws io.ociregistry.oci.RegistryException {@code DENIED} if the configuration does not allow that registry
     */
    Upstream get(RegistryName name);

    /** Returns the configured upstreams and recently used other ones. */
    List<Upstream> known();

    /** Returns the metrics in which the requests to upstreams are counted, and with them those of the whole server. */
    Metrics metrics();

    /**
     * Applies another configuration.
     *
     * <p>An upstream whose settings did not change keeps its tokens, connections and health. A replaced or removed
     * upstream finishes the work in flight and is then released (ADR 30).
     */
    void reload(ServerConfig config);

    /** Aborts the requests in flight and releases the connections. */
    @Override
    void close();
}
