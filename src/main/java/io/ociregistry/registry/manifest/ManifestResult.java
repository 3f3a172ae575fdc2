package io.ociregistry.registry.manifest;

import io.ociregistry.oci.Manifest;
import java.util.Optional;

/**
 * A manifest for an answer to a client.
 *
 * @param warning the reason why the upstream may have another manifest now; empty if the manifest is not stale
 */
public record ManifestResult(Manifest manifest, Optional<String> warning) {
    static ManifestResult of(Manifest manifest) {
        return new ManifestResult(manifest, Optional.empty());
    }
}
