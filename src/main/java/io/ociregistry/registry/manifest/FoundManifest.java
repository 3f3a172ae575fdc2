package io.ociregistry.registry.manifest;

import io.ociregistry.oci.Manifest;
import java.util.Optional;

/**
 * A manifest to answer with.
 *
 * @param warning why it may not be what the upstream has now; empty if it is, or if nobody asked for more
 */
public record FoundManifest(Manifest manifest, Optional<String> warning) {
    static FoundManifest certain(Manifest manifest) {
        return new FoundManifest(manifest, Optional.empty());
    }
}
