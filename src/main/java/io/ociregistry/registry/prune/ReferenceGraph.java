package io.ociregistry.registry.prune;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.index.TagBinding;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of all records as a graph: indexes and their children, images and their referrers.
 *
 * <p>A node is one manifest in one repository, with all its names there. A node is a root if it has a tag of its own,
 * or if nothing in its repository keeps it: no index lists it, and it does not refer to a cached image, by its subject
 * or by a tag as cosign makes them. A node that is kept needs no name of its own, and is removed with the node that
 * keeps it.
 */
final class ReferenceGraph {
    /**
     * Tags of referrers: {@code sha256-<hex>} by the distribution specification ("Referrers Tag Schema"), and with a
     * suffix by cosign.
     */
    private static final Pattern REFERRER_TAG = Pattern.compile("sha256-([a-f0-9]{64})(?:\\.(?:sig|att|sbom))?");

    /**
     * A manifest in one repository.
     *
     * @param key its name by its digest
     * @param tags the tags that mean it
     * @param otherNames its other names: digests, and tags that have moved to another manifest
     */
    record Node(
            ImageReference key,
            ManifestSummary manifest,
            List<RecordedReference> tags,
            List<RecordedReference> otherNames) {
        Repository repository() {
            return key.repository();
        }

        /** Returns all its names, tags first. */
        Stream<RecordedReference> references() {
            return Stream.concat(tags.stream(), otherNames.stream());
        }

        /** Returns every name that a pattern may match. */
        Stream<ImageReference> matchableNames() {
            return Stream.concat(Stream.of(key), references().map(RecordedReference::name))
                    .distinct();
        }

        @Override
        public boolean equals(@Nullable Object object) {
            return object instanceof Node other && key.equals(other.key);
        }

        @Override
        public int hashCode() {
            return key.hashCode();
        }

        private boolean hasOwnTag() {
            return tags.stream().anyMatch(tag -> subjectOf(tag.name()).isEmpty());
        }
    }

    private final Map<ImageReference, Node> nodes = new LinkedHashMap<>();
    private final Map<Digest, List<Node>> byDigest = new HashMap<>();
    private final Map<Digest, Digest> aliases = new HashMap<>();
    /** The referrers of each subject, by the key of the subject. */
    private final Map<ImageReference, List<Node>> referrers = new HashMap<>();
    /** The indexes of the same repository that list a node, by the key of the node. */
    private final Map<ImageReference, List<Node>> parents = new HashMap<>();

    ReferenceGraph(Collection<ManifestSummary> records) {
        Map<ImageReference, TagBinding> names = new HashMap<>();
        for (ManifestSummary record : records) {
            for (RecordedReference each : record.references()) {
                names.compute(
                        each.name(), (name, known) -> TagBinding.withClaim(known, record.digest(), each.checked()));
            }
        }
        records.forEach(record -> addRecord(record, names));
        nodes.values().forEach(this::connect);
    }

    private void addRecord(ManifestSummary record, Map<ImageReference, TagBinding> names) {
        for (RecordedReference reference : record.references()) {
            ImageReference name = reference.name();
            Node node = nodes.computeIfAbsent(
                    new ImageReference(name.repository(), record.digest()),
                    key -> new Node(key, record, new ArrayList<>(), new ArrayList<>()));
            boolean isCurrent = name.reference() instanceof Tag
                    && Objects.requireNonNull(names.get(name)).digest().equals(record.digest());
            (isCurrent ? node.tags : node.otherNames).add(reference);
            if (name.reference() instanceof Digest digest) {
                aliases.put(digest, record.digest());
            }
        }
    }

    private void connect(Node node) {
        byDigest.computeIfAbsent(node.manifest.digest(), digest -> new ArrayList<>())
                .add(node);
        for (Digest child : node.manifest.children()) {
            parents.computeIfAbsent(new ImageReference(node.repository(), canonical(child)), key -> new ArrayList<>())
                    .add(node);
        }
        subjects(node).distinct().forEach(subject -> referrers
                .computeIfAbsent(subject, key -> new ArrayList<>())
                .add(node));
    }

    private Stream<ImageReference> subjects(Node node) {
        Stream<Digest> bySubject = node.manifest.subject().stream();
        Stream<Digest> byTag = node.tags.stream().flatMap(tag -> subjectOf(tag.name()).stream());
        return Stream.concat(bySubject, byTag).map(digest -> new ImageReference(node.repository(), canonical(digest)));
    }

    private static Optional<Digest> subjectOf(ImageReference name) {
        Matcher matcher = REFERRER_TAG.matcher(name.reference().toString());
        return matcher.matches()
                ? Optional.of(new Digest(Digest.Algorithm.SHA256, matcher.group(1)))
                : Optional.empty();
    }

    /** Returns the SHA-256 digest of a manifest's record, for any digest of the manifest. */
    Digest canonical(Digest digest) {
        return aliases.getOrDefault(digest, digest);
    }

    Collection<Node> nodes() {
        return nodes.values();
    }

    @Nullable
    Node node(ImageReference key) {
        return nodes.get(key);
    }

    /** Returns the nodes of a manifest in all repositories. */
    List<Node> nodes(Digest digest) {
        return byDigest.getOrDefault(canonical(digest), List.of());
    }

    /** Returns the manifests that an index lists, in its own repository. */
    List<Node> children(Node node) {
        return node.manifest.children().stream()
                .flatMap(child -> Stream.ofNullable(nodes.get(new ImageReference(node.repository(), canonical(child)))))
                .toList();
    }

    List<Node> referrers(Node node) {
        return referrers.getOrDefault(node.key, List.of());
    }

    /**
     * Returns true if the tag is a referrer's and is removed with its subject. The subject, or an index that lists it,
     * must have a tag of its own: otherwise two manifests with tags that refer to each other would keep each other.
     */
    boolean isDependent(RecordedReference tag) {
        return subjectOf(tag.name())
                .map(subject -> new ImageReference(tag.name().repository(), canonical(subject)))
                .filter(nodes::containsKey)
                .filter(subject -> hasOwnTag(nodes.get(subject))
                        || parents.getOrDefault(subject, List.of()).stream().anyMatch(ReferenceGraph::hasOwnTag))
                .isPresent();
    }

    private static boolean hasOwnTag(@Nullable Node node) {
        return node != null && node.hasOwnTag();
    }

    /** Returns true if a node has no tag, and nothing in its repository keeps it. */
    boolean isUnreferenced(Node node) {
        return node.tags.isEmpty()
                && !parents.containsKey(node.key)
                && subjects(node).noneMatch(nodes::containsKey);
    }

    /** Returns the names with a time in a record after the given time, each with its newest time, newest first. */
    List<Map.Entry<ImageReference, Instant>> namesNewerThan(Instant time) {
        return nodes.values().stream()
                .flatMap(Node::references)
                .map(reference -> Map.entry(reference.name(), newest(reference)))
                .filter(entry -> entry.getValue().isAfter(time))
                .sorted(Map.Entry.<ImageReference, Instant>comparingByValue()
                        .reversed()
                        .thenComparing(entry -> entry.getKey().toString()))
                .toList();
    }

    private static Instant newest(RecordedReference reference) {
        return Stream.of(reference.created(), reference.pulled(), reference.checked())
                .max(Comparator.naturalOrder())
                .orElseThrow();
    }
}
