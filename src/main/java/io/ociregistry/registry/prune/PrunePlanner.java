package io.ociregistry.registry.prune;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.registry.prune.PrunePlan.Change;
import io.ociregistry.registry.prune.PrunePolicy.Candidate;
import io.ociregistry.registry.prune.ReferenceGraph.Node;
import io.ociregistry.store.BlobStore.BlobFile;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.QuarantinedRecord;
import io.ociregistry.store.RecordedReference;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Makes the plan of one prune from the records and files that it is given. Changes nothing and does no I/O. */
final class PrunePlanner {
    private final ReferenceGraph graph;
    private final Map<Digest, BlobFile> files;
    private final Context context;
    /** Blobs that a record names. */
    private final Set<Digest> named;
    /** Manifests that an index lists. */
    private final Set<Digest> listed;

    private final List<String> kept = new ArrayList<>();

    /**
     * The state of the cache, apart from its records, that limits what a prune removes.
     *
     * @param pins expressions for images that are never pruned
     * @param inFlight blobs of downloads in flight
     * @param isDeletableOrphan whether a blob that no record names may be deleted
     * @param quarantined quarantined records, whose blobs are needed when their manifests are fetched again
     * @param size bytes of the cache
     */
    record Context(
            Optional<ReferencePatterns> pins,
            Set<Digest> inFlight,
            Predicate<BlobFile> isDeletableOrphan,
            List<QuarantinedRecord> quarantined,
            long size) {
        boolean isPinned(Node node) {
            return pins.filter(patterns -> node.matchableNames().anyMatch(patterns::matches))
                    .isPresent();
        }
    }

    PrunePlanner(ReferenceGraph graph, Map<Digest, BlobFile> files, Context context) {
        this.graph = graph;
        this.files = files;
        this.context = context;
        this.named = graph.nodes().stream()
                .flatMap(node -> node.manifest().blobs().stream())
                .map(ManifestSummary.Blob::digest)
                .collect(Collectors.toSet());
        this.listed = graph.nodes().stream()
                .flatMap(node -> node.manifest().children().stream())
                .collect(Collectors.toSet());
    }

    PrunePlan plan(PruneRequest request) {
        List<Candidate> selected = withoutListedElsewhere(select(request.policy()));
        if (request.count().isPresent()) {
            selected = selected.subList(
                    0, Math.min(selected.size(), request.count().getAsInt()));
        }
        if (request.maxSize().isPresent()) {
            selected = selected.subList(0, countFor(selected, request.maxSize().getAsLong()));
        }
        return planFor(withoutListedElsewhere(selected));
    }

    /**
     * Drops digests that stay because an index of another repository lists them. Otherwise these would use up the count
     * of the request in each run.
     */
    private List<Candidate> withoutListedElsewhere(List<Candidate> selected) {
        MarkPhase marked = mark(selected);
        List<Candidate> removed = new ArrayList<>();
        for (Candidate candidate : selected) {
            Node untagged = graph.node(candidate.name());
            if (untagged != null && marked.contains(untagged)) {
                kept.add(candidate.name() + " is listed by an index that stays");
            } else {
                removed.add(candidate);
            }
        }
        return removed;
    }

    /** Returns the candidates that the policy selects and nothing protects, least recently pulled first. */
    private List<Candidate> select(PrunePolicy policy) {
        List<Candidate> selected = new ArrayList<>();
        for (Node node : graph.nodes()) {
            List<Candidate> candidates = candidates(node).stream()
                    .filter(candidate -> isPart(node, candidate)
                            ? policy.selectsDependent(candidate.name())
                            : policy.selects(candidate))
                    .toList();
            if (candidates.isEmpty()) {
                continue;
            }
            if (context.isPinned(node)) {
                candidates.forEach(candidate -> kept.add(candidate.name() + " is pinned"));
            } else if (isArriving(node)) {
                candidates.forEach(candidate -> kept.add(candidate.name() + " has a download in flight"));
            } else {
                selected.addAll(candidates);
            }
        }
        selected.sort(Comparator.comparing(Candidate::pulled)
                .thenComparing(candidate -> candidate.name().toString()));
        return selected;
    }

    private List<Candidate> candidates(Node node) {
        Instant pulled = pulled(node);
        if (graph.isUnreferenced(node)) {
            Instant created = node.otherNames().stream()
                    .map(RecordedReference::created)
                    .min(Instant::compareTo)
                    .orElse(Instant.EPOCH);
            return List.of(new Candidate(node.key(), node.matchableNames().toList(), created, pulled));
        }
        return node.tags().stream()
                .map(tag -> new Candidate(tag.name(), List.of(tag.name()), tag.created(), latest(tag.pulled(), pulled)))
                .toList();
    }

    private boolean isPart(Node node, Candidate candidate) {
        return node.tags().stream().anyMatch(tag -> tag.name().equals(candidate.name()) && graph.isDependent(tag));
    }

    /** Returns when a client last pulled the manifest by digest, or a manifest that it lists. */
    private Instant pulled(Node node) {
        return closure(node).stream()
                .flatMap(each -> each.equals(node) ? each.otherNames().stream() : each.references())
                .map(RecordedReference::pulled)
                .max(Instant::compareTo)
                .orElse(Instant.EPOCH);
    }

    private static Instant latest(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    /** Returns a node and all manifests that it lists, directly or indirectly. */
    private Set<Node> closure(Node root) {
        Set<Node> found = new LinkedHashSet<>();
        Deque<Node> left = new ArrayDeque<>(List.of(root));
        while (!left.isEmpty()) {
            Node node = left.remove();
            if (found.add(node)) {
                left.addAll(graph.children(node));
            }
        }
        return found;
    }

    private boolean isArriving(Node node) {
        return closure(node).stream()
                .flatMap(each -> each.manifest().blobs().stream())
                .anyMatch(blob -> context.inFlight().contains(blob.digest()));
    }

    /** Returns how many candidates have to be removed so that the cache has at most {@code maxSize} bytes. */
    private int countFor(List<Candidate> selected, long maxSize) {
        int tooFew = -1;
        int enough = selected.size();
        while (enough - tooFew > 1) {
            int middle = (tooFew + enough) / 2;
            long freed = unreachable(mark(selected.subList(0, middle))).stream()
                    .mapToLong(BlobFile::size)
                    .sum();
            if (context.size() - freed <= maxSize) {
                enough = middle;
            } else {
                tooFew = middle;
            }
        }
        return enough;
    }

    private MarkPhase mark(List<Candidate> removed) {
        return new MarkPhase(
                graph, removed.stream().map(Candidate::name).collect(Collectors.toSet()), context::isPinned);
    }

    /**
     * Returns the files that no marked manifest names. A file that no record names at all must be older than the grace
     * period, because its manifest may be in flight.
     */
    private List<BlobFile> unreachable(MarkPhase marked) {
        Set<Digest> reachable = marked.blobs();
        context.quarantined().stream()
                .filter(lost -> isNeeded(lost, marked))
                .map(QuarantinedRecord::referencedDigests)
                .forEach(reachable::addAll);
        return files.values().stream()
                .filter(file -> !reachable.contains(file.digest()))
                .filter(file -> named.contains(file.digest())
                        || context.isDeletableOrphan().test(file))
                .sorted(Comparator.comparing(BlobFile::digest))
                .toList();
    }

    /** A quarantined record is needed as long as an index that lists it stays, or if no index lists it. */
    private boolean isNeeded(QuarantinedRecord lost, MarkPhase marked) {
        return marked.isListed(lost.digest()) || !listed.contains(lost.digest());
    }

    private void reportQuarantined(QuarantinedRecord lost, MarkPhase marked) {
        Set<Digest> spared = new HashSet<>(lost.referencedDigests());
        spared.retainAll(files.keySet());
        spared.removeAll(marked.blobs());
        if (!spared.isEmpty()) {
            kept.add(spared.size() + " blobs of " + lost
                    + "; to fetch the manifest again, run verify --repair; to have its blobs pruned, delete that"
                    + " file");
        }
    }

    private PrunePlan planFor(List<Candidate> selected) {
        MarkPhase marked = mark(selected);
        List<BlobFile> blobs = unreachable(marked);
        PruneReporter reporter = new PruneReporter(graph, marked, blobs);
        selected.forEach(candidate -> reporter.report(candidate.name()));
        Set<ImageReference> removedNodes = graph.nodes().stream()
                .filter(node -> !marked.contains(node))
                .map(Node::key)
                .collect(Collectors.toSet());
        Set<Digest> unreachable = new HashSet<>(named);
        unreachable.removeAll(marked.blobs());
        Map<Boolean, List<QuarantinedRecord>> lost =
                context.quarantined().stream().collect(Collectors.partitioningBy(each -> isNeeded(each, marked)));
        Set<Digest> spared = new HashSet<>();
        for (QuarantinedRecord needed : lost.getOrDefault(true, List.of())) {
            reportQuarantined(needed, marked);
            spared.addAll(needed.referencedDigests());
        }
        unreachable.removeAll(spared);
        return new PrunePlan(
                reporter.names(),
                kept.stream().sorted().toList(),
                changes(removedNames(selected, marked), marked),
                removedNodes,
                blobs,
                unreachable,
                spared,
                lost.getOrDefault(false, List.of()).stream()
                        .map(QuarantinedRecord::digest)
                        .collect(Collectors.toSet()),
                true);
    }

    /** Returns the selected names, and the tags of all manifests that are removed with them. */
    private Set<ImageReference> removedNames(List<Candidate> selected, MarkPhase marked) {
        return Stream.concat(
                        selected.stream().map(Candidate::name),
                        graph.nodes().stream()
                                .filter(node -> !marked.contains(node))
                                .flatMap(node -> node.tags().stream())
                                .map(RecordedReference::name))
                .collect(Collectors.toSet());
    }

    private Map<Digest, Change> changes(Set<ImageReference> removed, MarkPhase marked) {
        Map<Digest, Change> changes = new LinkedHashMap<>();
        Set<Digest> manifests = graph.nodes().stream()
                .map(node -> node.manifest().digest())
                .collect(Collectors.toCollection(LinkedHashSet::new));
        for (Digest manifest : manifests) {
            List<RecordedReference> left = graph.nodes(manifest).stream()
                    .filter(marked::contains)
                    .flatMap(node -> left(node, removed).stream())
                    .toList();
            ManifestSummary summary = graph.nodes(manifest).get(0).manifest();
            List<RecordedReference> before = summary.references();
            if (!Set.copyOf(left).equals(Set.copyOf(before))) {
                List<RecordedReference> outdated = graph.nodes(manifest).stream()
                        .flatMap(node -> node.otherNames().stream())
                        .filter(reference -> isTagOf(removed, reference))
                        .toList();
                changes.put(manifest, new Change(summary, before, outdated, left));
            }
        }
        return changes;
    }

    /**
     * Returns the names that a marked node keeps; at least its digest. An older record loses its claim to a removed tag
     * too, otherwise the tag would mean that older manifest again.
     */
    private static List<RecordedReference> left(Node node, Set<ImageReference> removed) {
        List<RecordedReference> left = node.references()
                .filter(reference -> !isTagOf(removed, reference))
                .toList();
        if (!left.isEmpty()) {
            return left;
        }
        RecordedReference last = node.references().findFirst().orElseThrow();
        return List.of(new RecordedReference(node.key(), last.created(), last.pulled(), last.checked()));
    }

    private static boolean isTagOf(Set<ImageReference> names, RecordedReference reference) {
        return reference.name().reference() instanceof Tag && names.contains(reference.name());
    }
}
