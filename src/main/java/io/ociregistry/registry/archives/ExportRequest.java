package io.ociregistry.registry.archives;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Platforms;
import io.ociregistry.registry.policy.ReferencePatterns;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * What of a cache is to be exported.
 *
 * @param platforms whose images to take of an index
 * @param since only names that were pulled, or came in, at that time or later
 * @param have manifests and blobs that are known where the export goes
 * @param completeOnly whether an index of which an image is missing is left out rather than exported in part
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
