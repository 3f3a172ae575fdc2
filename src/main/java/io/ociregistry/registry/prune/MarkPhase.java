package io.ociregistry.registry.prune;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.registry.prune.ReferenceGraph.Node;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The mark phase of a prune: finds the manifests and blobs that stay if some names are removed (ADR 21).
 *
 * <p>A root stays unless its names are removed, and so do its children and referrers in its repository. A manifest that
 * a marked index of another repository lists stays under all names that it has, if no repository keeps it otherwise. A
 * blob stays if a marked manifest names it. Reachability is computed from the records each time, never counted.
 */
final class MarkPhase {
    private final ReferenceGraph graph;
    private final Set<ImageReference> removed;
    private final Set<Node> marked = new LinkedHashSet<>();
    private final Deque<Node> queue = new ArrayDeque<>();
    private final Set<Digest> listed = new HashSet<>();

    /**
     * Marks the nodes that stay.
     *
     * @param removed the tags to remove, and by their digests the manifests without a tag to remove
     * @param pinned nodes that stay in any case
     */
    MarkPhase(ReferenceGraph graph, Set<ImageReference> removed, Predicate<Node> pinned) {
        this.graph = graph;
        this.removed = removed;
        graph.nodes().stream().filter(node -> pinned.test(node) || isRoot(node)).forEach(this::mark);
        do {
            markDependents();
            listed.forEach(this::markListed);
        } while (!queue.isEmpty());
    }

    boolean contains(Node node) {
        return marked.contains(node);
    }

    boolean isListed(Digest manifest) {
        return listed.contains(manifest);
    }

    /** Returns the blobs of all marked manifests, with foreign layers, because some registries serve these. */
    Set<Digest> blobs() {
        Set<Digest> blobs = new HashSet<>();
        marked.forEach(node -> node.manifest().blobs().stream()
                .map(ManifestSummary.Blob::digest)
                .forEach(blobs::add));
        return blobs;
    }

    private boolean isRoot(Node node) {
        return graph.isUnreferenced(node)
                ? !removed.contains(node.key())
                : node.tags().stream().anyMatch(tag -> stays(tag) && !graph.isDependent(tag));
    }

    private boolean stays(RecordedReference tag) {
        return !removed.contains(tag.name());
    }

    private void markDependents() {
        while (!queue.isEmpty()) {
            Node node = queue.remove();
            node.manifest().children().forEach(listed::add);
            graph.children(node).forEach(this::mark);
            graph.referrers(node).stream().filter(this::isStillReferrer).forEach(this::mark);
        }
    }

    /** A referrer stays by its subject, or by a tag that is not removed. */
    private boolean isStillReferrer(Node referrer) {
        return referrer.manifest().subject().isPresent()
                || referrer.tags().stream().anyMatch(this::stays);
    }

    private void markListed(Digest child) {
        if (graph.nodes(child).stream().noneMatch(marked::contains)) {
            graph.nodes(child).forEach(this::mark);
        }
    }

    private void mark(Node node) {
        if (marked.add(node)) {
            queue.add(node);
        }
    }
}
