package io.ociregistry.registry.manifest;

import io.ociregistry.metrics.CacheResult;
import io.ociregistry.oci.Manifest;
import java.util.Optional;

/**
 * A manifest for an answer to a client.
 *
 * @param warning the reason why the upstream may have another manifest now; empty if the manifest is not stale
 * @param result how the cache answered
 */
public record ManifestResult(Manifest manifest, Optional<String> warning, CacheResult result) {
    /** Returns a manifest from the cache that is not stale. */
    static ManifestResult of(Manifest manifest) {
        return new ManifestResult(manifest, Optional.empty(), CacheResult.HIT);
    }

    /** Returns a manifest from an upstream. */
    static ManifestResult fetched(Manifest manifest, CacheResult result) {
        return new ManifestResult(manifest, Optional.empty(), result);
    }
}
