package io.ociregistry.registry.prune;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.registry.prune.ReferenceGraph.Member;
import io.ociregistry.store.BlobFile;
import io.ociregistry.store.QuarantinedRecord;
import io.ociregistry.store.RecordedReference;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What keeps a pruning from taking whatever is chosen.
 *
 * @param pins what never goes
 * @param arriving blobs that are being received
 * @param isOrphan whether a blob that no record names may go
 * @param lost records in quarantine, whose blobs are still needed when they are fetched again
 * @param size bytes that the cache has
 */
record PruneContext(
        Optional<ReferencePatterns> pins,
        Set<Digest> arriving,
        Predicate<BlobFile> isOrphan,
        List<QuarantinedRecord> lost,
        long size) {
    boolean isPinned(Member member) {
        return pins.filter(patterns -> names(member).anyMatch(patterns::matches))
                .isPresent();
    }

    private static Stream<ImageReference> names(Member member) {
        return Stream.concat(
                Stream.of(member.key()),
                Stream.concat(member.tags().stream(), member.others().stream()).map(RecordedReference::name));
    }
}
