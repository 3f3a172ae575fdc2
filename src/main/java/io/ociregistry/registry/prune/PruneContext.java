package io.ociregistry.registry.prune;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.registry.prune.ReferenceGraph.Node;
import io.ociregistry.store.BlobStore.BlobFile;
import io.ociregistry.store.QuarantinedRecord;
import io.ociregistry.store.RecordedReference;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The state of the cache, apart from its records, that limits what a prune removes.
 *
 * @param pins expressions for images that are never pruned
 * @param inFlight blobs of downloads in flight
 * @param isDeletableOrphan whether a blob that no record names may be deleted
 * @param quarantined quarantined records, whose blobs are needed when their manifests are fetched again
 * @param size bytes of the cache
 */
record PruneContext(
        Optional<ReferencePatterns> pins,
        Set<Digest> inFlight,
        Predicate<BlobFile> isDeletableOrphan,
        List<QuarantinedRecord> quarantined,
        long size) {
    boolean isPinned(Node node) {
        return pins.filter(patterns -> names(node).anyMatch(patterns::matches)).isPresent();
    }

    private static Stream<ImageReference> names(Node node) {
        return Stream.concat(
                Stream.of(node.key()),
                Stream.concat(node.tags().stream(), node.otherNames().stream()).map(RecordedReference::name));
    }
}
