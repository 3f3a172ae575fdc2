package io.ociregistry.upstream;

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

    /** Breaks off what is under way and releases the connections. */
    @Override
    void close();
}
