package io.ociregistry.registry.archives;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Platforms;
import io.ociregistry.registry.policy.ReferencePatterns;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * Selects the content of an export.
 *
 * @param platforms the platforms whose images are exported from an index
 * @param since if present, only names that were created or pulled at this time or later
 * @param have manifests and blobs that the target has already
 * @param completeOnly whether an index with missing images is left out instead of exported in part
 */
public record ExportRequest(
        ReferencePatterns patterns,
        Platforms platforms,
        Optional<Instant> since,
        Set<Digest> have,
        boolean completeOnly) {
    public ExportRequest {
        have = Set.copyOf(have);
    }
}
