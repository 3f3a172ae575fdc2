package io.ociregistry.registry.prune;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.catalog.TagBinding;
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
 * All records at one moment, and what holds what.
 *
 * <p>The unit is a manifest as one repository has it, whatever number of names it has there. It stands by itself if it has a tag, or if nothing
 * else in the repository holds it: no index that lists it, and no image that it refers to, by its subject or by a tag as cosign makes them. What is
 * held needs no name of its own: it comes and goes with what holds it.
 */
final class ReferenceGraph {
    /** {@code sha256-<hex>} for what refers to an image, by the distribution specification, and with an ending by cosign. */
    private static final Pattern TAG_OF_REFERRER = Pattern.compile("sha256-([a-f0-9]{64})(?:\\.(?:sig|att|sbom))?");

    /**
     * A manifest as one repository has it.
     *
     * @param key its name by its digest
     * @param tags what means it
     * @param others its other names: digests, and tags that have moved to another manifest since
     */
    record Member(
            ImageReference key,
            ManifestSummary manifest,
            List<RecordedReference> tags,
            List<RecordedReference> others) {
        Repository repository() {
            return key.repository();
        }

        @Override
        public boolean equals(@Nullable Object object) {
            return object instanceof Member other && key.equals(other.key);
        }

        @Override
        public int hashCode() {
            return key.hashCode();
        }

        private boolean hasTagOfItsOwn() {
            return tags.stream().anyMatch(tag -> referredBy(tag.name()).isEmpty());
        }
    }

    private final Map<ImageReference, Member> members = new LinkedHashMap<>();
    private final Map<Digest, List<Member>> byDigest = new HashMap<>();
    private final Map<Digest, Digest> aliases = new HashMap<>();
    /** By what is referred to. */
    private final Map<ImageReference, List<Member>> referrers = new HashMap<>();
    /** The indexes of its repository that list a member, by its key. */
    private final Map<ImageReference, List<Member>> listers = new HashMap<>();

    ReferenceGraph(Collection<ManifestSummary> records) {
        Map<ImageReference, TagBinding> names = new HashMap<>();
        for (ManifestSummary record : records) {
            for (RecordedReference each : record.references()) {
                names.compute(each.name(), (name, known) -> TagBinding.claimed(known, record.digest(), each.checked()));
            }
        }
        records.forEach(record -> addAll(record, names));
        members.values().forEach(this::connect);
    }

    private void addAll(ManifestSummary record, Map<ImageReference, TagBinding> names) {
        for (RecordedReference reference : record.references()) {
            ImageReference name = reference.name();
            Member member = members.computeIfAbsent(
                    new ImageReference(name.repository(), record.digest()),
                    key -> new Member(key, record, new ArrayList<>(), new ArrayList<>()));
            boolean means = name.reference() instanceof Tag
                    && Objects.requireNonNull(names.get(name)).digest().equals(record.digest());
            (means ? member.tags : member.others).add(reference);
            if (name.reference() instanceof Digest digest) {
                aliases.put(digest, record.digest());
            }
        }
    }

    private void connect(Member member) {
        byDigest.computeIfAbsent(member.manifest.digest(), digest -> new ArrayList<>())
                .add(member);
        for (Digest child : member.manifest.children()) {
            listers.computeIfAbsent(new ImageReference(member.repository(), canonical(child)), key -> new ArrayList<>())
                    .add(member);
        }
        subjects(member).distinct().forEach(subject -> referrers
                .computeIfAbsent(subject, key -> new ArrayList<>())
                .add(member));
    }

    private Stream<ImageReference> subjects(Member member) {
        Stream<Digest> bySubject = member.manifest.subject().stream();
        Stream<Digest> byTag = member.tags.stream().flatMap(tag -> referredBy(tag.name()).stream());
        return Stream.concat(bySubject, byTag)
                .map(digest -> new ImageReference(member.repository(), canonical(digest)));
    }

    private static Optional<Digest> referredBy(ImageReference name) {
        Matcher matcher = TAG_OF_REFERRER.matcher(name.reference().toString());
        return matcher.matches()
                ? Optional.of(new Digest(Digest.Algorithm.SHA256, matcher.group(1)))
                : Optional.empty();
    }

    /** The digest that the record of a manifest has, whichever digest of it is given. */
    Digest canonical(Digest digest) {
        return aliases.getOrDefault(digest, digest);
    }

    Collection<Member> members() {
        return members.values();
    }

    @Nullable
    Member member(ImageReference key) {
        return members.get(key);
    }

    /** A manifest as all repositories have it. */
    List<Member> members(Digest digest) {
        return byDigest.getOrDefault(canonical(digest), List.of());
    }

    /** What a member lists, as its own repository has it. */
    List<Member> children(Member member) {
        return member.manifest.children().stream()
                .flatMap(child ->
                        Stream.ofNullable(members.get(new ImageReference(member.repository(), canonical(child)))))
                .toList();
    }

    /** What refers to a member in its repository. */
    List<Member> referrers(Member member) {
        return referrers.getOrDefault(member.key, List.of());
    }

    /**
     * True if that is a tag of something that refers to an image that is here: it goes with that. Only to one that a tag of its own holds, or its
     * index: whoever makes tags that refer to each other holds nothing with them.
     */
    boolean isPart(RecordedReference tag) {
        return referredBy(tag.name())
                .map(subject -> new ImageReference(tag.name().repository(), canonical(subject)))
                .filter(members::containsKey)
                .filter(subject -> isHeldByTag(members.get(subject))
                        || listers.getOrDefault(subject, List.of()).stream().anyMatch(ReferenceGraph::isHeldByTag))
                .isPresent();
    }

    private static boolean isHeldByTag(@Nullable Member member) {
        return member != null && member.hasTagOfItsOwn();
    }

    /** True if it has no name that holds it, and nothing in its repository does. */
    boolean isUnheld(Member member) {
        return member.tags.isEmpty()
                && !listers.containsKey(member.key)
                && subjects(member).noneMatch(members::containsKey);
    }

    /** The names of which a record tells a time after that, each with its newest one: the newest first. */
    List<Map.Entry<ImageReference, Instant>> after(Instant time) {
        return members.values().stream()
                .flatMap(member -> Stream.concat(member.tags.stream(), member.others.stream()))
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
