package io.ociregistry.registry.manifest;

import io.ociregistry.metrics.Provenance;
import io.ociregistry.oci.Manifest;
import java.util.Optional;

/**
 * A manifest for an answer to a client.
 *
 * @param warning the reason why the upstream may have another manifest now; empty if the manifest is not stale
 */
public record ManifestResult(Manifest manifest, Optional<String> warning, Provenance provenance) {
    /** Returns the result for a cached manifest. */
    static ManifestResult of(Manifest manifest) {
        return of(manifest, Provenance.HIT);
    }

    static ManifestResult of(Manifest manifest, Provenance provenance) {
        return new ManifestResult(manifest, Optional.empty(), provenance);
    }

    /** Returns the result for a client that joined the request of another one. */
    ManifestResult joined() {
        return new ManifestResult(manifest, warning, provenance.joined());
    }
}
