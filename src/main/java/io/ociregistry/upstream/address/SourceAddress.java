package io.ociregistry.upstream.address;

import io.ociregistry.oci.RegistryName;

/**
 * The address of one source of a registry. Its text names the entry of the configuration and the URL.
 *
 * @param isMirror false for the registry itself
 */
public record SourceAddress(RegistryName registry, Origin origin, boolean isMirror) {
    @Override
    public String toString() {
        return isMirror ? "registry " + registry + ": the mirror " + origin : "registry " + registry + " at " + origin;
    }
}
