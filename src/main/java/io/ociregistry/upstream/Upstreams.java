package io.ociregistry.upstream;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.RegistryName;
import java.util.List;

/** All other registries: those that are configured, and the policy for the rest. */
public interface Upstreams extends AutoCloseable {
    /**
     * The upstream of that name; makes no connection.
     *
     * @throws io.ociregistry.oci.RegistryException {@code DENIED} if it may not be asked
     */
    Upstream get(RegistryName name);

    /** Those that are configured, and those that were asked for lately. */
    List<Upstream> known();

    /**
     * Goes by another configuration from now on. What it reaches as before stays as it is, with its tokens, its connections and what is known of
     * its health. Who got an upstream that is reached in another way now, or not at all, goes on with it to the end of its work; then nothing of
     * it is left.
     */
    void reload(ServerConfig config);

    /** Breaks off what is under way and releases the connections. */
    @Override
    void close();
}
