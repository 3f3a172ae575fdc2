package io.ociregistry.registry.prune;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.registry.prune.PruneReport.Name;
import io.ociregistry.registry.prune.ReferenceGraph.Node;
import io.ociregistry.store.BlobStore.BlobFile;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Orders the removed names for the report: each selected name, followed by the names that are removed with it. */
final class PruneReporter {
    private final ReferenceGraph graph;
    private final MarkPhase marked;
    /** Sizes of the deleted blobs that no reported name accounts for yet. */
    private final Map<Digest, Long> sizes = new HashMap<>();

    private final Map<ImageReference, Node> byTag = new HashMap<>();
    private final Set<Node> reported = new HashSet<>();
    private final Set<ImageReference> reportedNames = new HashSet<>();
    private final List<Name> names = new ArrayList<>();

    PruneReporter(ReferenceGraph graph, MarkPhase marked, Collection<BlobFile> blobs) {
        this.graph = graph;
        this.marked = marked;
        blobs.forEach(blob -> sizes.put(blob.digest(), blob.size()));
        graph.nodes().forEach(node -> node.tags().forEach(tag -> byTag.put(tag.name(), node)));
    }

    List<Name> names() {
        return List.copyOf(names);
    }

    /** Reports a selected name and the names that are removed with it. */
    void report(ImageReference selected) {
        Node untagged = graph.node(selected);
        Node node = untagged == null ? byTag.get(selected) : untagged;
        if (node == null || reportedNames.contains(selected)) {
            return;
        }
        if (marked.contains(node)) {
            add(selected, "only this name: " + node.key() + " stays", 0);
            return;
        }
        add(selected, "chosen", reported.add(node) ? bytes(node) : 0);
        reportDependents(node, selected);
    }

    private void reportDependents(Node node, ImageReference selected) {
        names(node).forEach(name -> add(name, "with " + selected, 0));
        Stream.concat(graph.children(node).stream(), graph.referrers(node).stream())
                .filter(dependent -> !marked.contains(dependent) && reported.add(dependent))
                .forEach(dependent -> {
                    names(dependent).findFirst().ifPresent(name -> add(name, "with " + selected, bytes(dependent)));
                    reportDependents(dependent, selected);
                });
    }

    /** Returns the names to report, without tags that have moved to another manifest, because these stay. */
    private Stream<ImageReference> names(Node node) {
        List<ImageReference> names = Stream.concat(
                        node.tags().stream().map(RecordedReference::name),
                        node.otherNames().stream()
                                .map(RecordedReference::name)
                                .filter(name -> name.reference() instanceof Digest))
                .toList();
        return (names.isEmpty() ? List.of(node.key()) : names).stream().filter(name -> !reportedNames.contains(name));
    }

    private void add(ImageReference name, String why, long bytes) {
        if (reportedNames.add(name)) {
            names.add(new Name(name.toString(), bytes, why));
        }
    }

    private long bytes(Node node) {
        long sum = 0;
        for (ManifestSummary.Blob blob : node.manifest().blobs()) {
            Long size = sizes.remove(blob.digest());
            sum += size == null ? 0 : size;
        }
        return sum;
    }
}
