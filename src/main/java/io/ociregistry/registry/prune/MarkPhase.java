package io.ociregistry.registry.prune;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.registry.prune.ReferenceGraph.Member;
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
    private final Set<Member> marked = new LinkedHashSet<>();
    private final Deque<Member> queue = new ArrayDeque<>();
    private final Set<Digest> listed = new HashSet<>();

    /**
     * Marks the nodes that stay.
     *
     * @param removed the tags to remove, and by their digests the manifests without a tag to remove
     * @param pinned nodes that stay in any case
     */
    MarkPhase(ReferenceGraph graph, Set<ImageReference> removed, Predicate<Member> pinned) {
        this.graph = graph;
        this.removed = removed;
        graph.members().stream()
                .filter(node -> pinned.test(node) || isRoot(node))
                .forEach(this::mark);
        do {
            markDependents();
            listed.forEach(this::markListed);
        } while (!queue.isEmpty());
    }

    boolean contains(Member node) {
        return marked.contains(node);
    }

    /** Returns true if a marked index lists the manifest. */
    boolean list(Digest manifest) {
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

    private boolean isRoot(Member node) {
        return graph.isUnheld(node)
                ? !removed.contains(node.key())
                : node.tags().stream().anyMatch(tag -> stays(tag) && !graph.isPart(tag));
    }

    private boolean stays(RecordedReference tag) {
        return !removed.contains(tag.name());
    }

    private void markDependents() {
        while (!queue.isEmpty()) {
            Member node = queue.remove();
            node.manifest().children().forEach(listed::add);
            graph.children(node).forEach(this::mark);
            graph.referrers(node).stream().filter(this::isStillReferrer).forEach(this::mark);
        }
    }

    /** A referrer stays by its subject, or by a tag that is not removed. */
    private boolean isStillReferrer(Member referrer) {
        return referrer.manifest().subject().isPresent()
                || referrer.tags().stream().anyMatch(this::stays);
    }

    private void markListed(Digest child) {
        if (graph.members(child).stream().noneMatch(marked::contains)) {
            graph.members(child).forEach(this::mark);
        }
    }

    private void mark(Member node) {
        if (marked.add(node)) {
            queue.add(node);
        }
    }
}
