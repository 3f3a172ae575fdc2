package io.ociregistry.registry.manifest;

import io.ociregistry.oci.Manifest;
import java.util.Optional;

/**
 * A manifest to answer with.
 *
 * @param warning why it may not be what the upstream has now; empty if it is, or if nobody asked for more
 */
public record ManifestResult(Manifest manifest, Optional<String> warning) {
    static ManifestResult certain(Manifest manifest) {
        return new ManifestResult(manifest, Optional.empty());
    }
}
