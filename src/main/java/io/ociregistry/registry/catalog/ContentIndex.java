package io.ociregistry.registry.catalog;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.catalog.DigestLink.Kind;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.manifest.ManifestStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which names mean which manifests, and which digests each repository may show: the index of the manifest records, in memory.
 *
 * <p>Bytes are shared by digest, but a repository shows a digest only if its upstream confirmed it (sent it, or gave its word where that
 * counts: see {@code BlobRights}), or if one of its manifests names it and no other registry has anything to do with it. That a manifest names a
 * digest is not enough between registries: anybody who runs one could name what is private in another and read it here.
 *
 * <p>Reading takes no lock. What a record added goes again with it, as if it had never been there. A manifest costs less than 1 KiB, with its
 * tag and five blobs that nobody else has: values are shared and lists have no more room than they need.
 */
public final class ContentIndex {
    private final boolean closed;

    /** What tags mean, and digests of another algorithm. The record of a manifest is found by its own digest without that. */
    private final Map<ImageReference, TagBinding> names = new ConcurrentHashMap<>();
    /** What repositories have to do with a digest. */
    private final Map<Digest, DigestLink> claims = new ConcurrentHashMap<>();

    private final Map<Repository, RepositoryEntry> holdings = new ConcurrentHashMap<>();
    /** The manifests that have another one as their subject, by that and the repository. */
    private final Map<ImageReference, Set<Digest>> referrers = new ConcurrentHashMap<>();

    /** Names whose newest record is lost: they mean an older manifest, which no upstream has confirmed since. */
    private final Set<ImageReference> doubtful = ConcurrentHashMap.newKeySet();

    private final Map<RegistryName, RegistryName> registries = new ConcurrentHashMap<>();
    /** What manifests will name that are on their way, and how many wait for it. */
    private final Map<Digest, Integer> held = new ConcurrentHashMap<>();

    /**
     * An empty catalog.
     *
     * @param closed whether this server asks nobody: then nobody can have named anything to read it here, and a name is enough
     */
    public ContentIndex(boolean closed) {
        this.closed = closed;
    }

    /** That of a store that nobody serves from here, as its records are now. */
    public static ContentIndex of(ManifestStore records) {
        ContentIndex catalog = new ContentIndex(true);
        records.forEach(record -> catalog.add(ManifestSummary.of(record)));
        return catalog;
    }

    /** Adds what a record says, or says now. A tag that two records claim belongs to the one that was checked last. */
    public synchronized void add(ManifestSummary manifest) {
        for (RecordedReference reference : manifest.references()) {
            Repository repository = begin(reference.name().repository());
            link(repository, manifest);
            claimName(new ImageReference(repository, reference.name().reference()), manifest, reference.checked());
        }
    }

    /**
     * A record has lost names, or is gone, since this server removed them.
     *
     * @param before what it said
     * @param left the names that it still has
     */
    public synchronized void remove(ManifestSummary before, Set<ImageReference> left) {
        Set<Repository> gone = new HashSet<>();
        for (RecordedReference reference : before.references()) {
            if (!left.contains(reference.name())) {
                removeName(reference.name(), before.digest());
                gone.add(reference.name().repository());
            }
        }
        left.forEach(name -> gone.remove(name.repository()));
        gone.forEach(repository -> unlink(repository, before));
    }

    /**
     * A record has lost names, or is gone, though this server did not remove them. An older record that claims such a
     * name may be long outdated.
     *
     * @param before what it said
     * @param left the names that it still has
     */
    synchronized void lose(ManifestSummary before, Set<ImageReference> left) {
        remove(before, left);
        before.references().stream()
                .filter(reference -> !left.contains(reference.name()))
                .forEach(reference -> doubt(reference.name(), reference.checked()));
    }

    /**
     * A record is lost that claimed a name and was last confirmed then. The name is doubtful if it means an older
     * manifest.
     */
    void doubt(ImageReference name, Instant checked) {
        names.computeIfPresent(name, (same, known) -> {
            if (checked.isAfter(known.checked())) {
                doubtful.add(same);
            }
            return known;
        });
    }

    /** True if a name means an older manifest because the record of a newer one is lost. */
    public boolean isDoubtful(ImageReference name) {
        return doubtful.contains(name);
    }

    /**
     * Does something, unless a manifest names that digest, a record is of it, or it is held. As long as that takes, no record that does so can be
     * added, and nobody can hold it.
     *
     * @param action what, true if the content of the digest is gone then: what its upstreams confirmed is forgotten with it
     */
    public boolean unlessNamed(Digest digest, BooleanSupplier action) {
        boolean[] done = new boolean[1];
        claims.compute(digest, (same, first) -> {
            if (isNamed(first) || isHeld(digest)) {
                return first;
            }
            done[0] = action.getAsBoolean();
            return done[0] ? null : first;
        });
        return done[0];
    }

    /** Has that digest treated as if a manifest named it, until it is released as often. */
    void hold(Digest digest) {
        claims.compute(digest, (same, first) -> {
            held.merge(digest, 1, Integer::sum);
            return first;
        });
    }

    void release(Digest digest) {
        held.computeIfPresent(digest, (same, count) -> count == 1 ? null : count - 1);
    }

    public boolean isHeld(Digest digest) {
        return held.containsKey(digest);
    }

    /** True if a manifest names that digest, or a record is of it. */
    public boolean isNamed(Digest digest) {
        return isNamed(claims.get(digest));
    }

    private static boolean isNamed(@Nullable DigestLink first) {
        return DigestLink.each(first).anyMatch(claim -> claim.isNamed() || claim.is(DigestLink.RECORDED));
    }

    /** The tags of a repository that are known here. */
    public Set<Tag> tags(Repository repository) {
        RepositoryEntry known = holdings.get(repository);
        return known == null ? Set.of() : known.tagSet();
    }

    /** True if there is a record of a manifest of that repository. */
    public boolean has(Repository repository) {
        RepositoryEntry known = holdings.get(repository);
        return known != null && known.manifests() > 0;
    }

    /** The manifests known here of a repository that refer to that one as their subject. */
    public Set<Digest> referrers(Repository repository, Digest subject) {
        return referrers.getOrDefault(new ImageReference(repository, subject), Set.of());
    }

    /** Every name that is known, with the manifest that it means; a manifest that no tag of its repository means is there by its digest. */
    public Map<ImageReference, Digest> names() {
        Map<ImageReference, Digest> all = new HashMap<>();
        Set<ImageReference> named = new HashSet<>();
        names.forEach((name, meaning) -> {
            all.put(name, meaning.digest());
            named.add(new ImageReference(name.repository(), meaning.digest()));
        });
        claims.forEach((digest, first) -> DigestLink.each(first)
                .filter(claim -> claim.kind() == Kind.MANIFEST && claim.is(DigestLink.RECORDED))
                .map(claim -> new ImageReference(claim.repository(), digest))
                .filter(name -> !named.contains(name))
                .forEach(name -> all.put(name, digest)));
        return all;
    }

    /** The SHA-256 digest of the manifest that this name means, if that is known. */
    public Optional<Digest> find(ImageReference name) {
        return Optional.ofNullable(names.get(name)).map(TagBinding::digest).or(() -> linkedManifest(name));
    }

    /** When an upstream last confirmed what a name means; long ago if it is not known. */
    public Instant checked(ImageReference name) {
        TagBinding named = names.get(name);
        return named == null ? Instant.EPOCH : named.checked();
    }

    /**
     * The time to note for what an upstream says of a name just now: later than all that is noted, whatever the clock does, since of two
     * claims to a tag the later one counts.
     */
    public Instant nextCheck(ImageReference name, Instant now) {
        Instant after = checked(name).plusMillis(1);
        return after.isAfter(now) ? after : now;
    }

    /** The upstream confirmed that a name still means that manifest. */
    public void refresh(ImageReference name, Digest digest, Instant now) {
        Instant checked = nextCheck(name, now);
        names.computeIfPresent(
                name, (same, known) -> believed(same, known, TagBinding.refreshed(known, digest, checked)));
    }

    /**
     * All manifests whose records claim a name, the current one last: so the name means no older one if they lose it in
     * turn.
     */
    public List<Digest> claimed(ImageReference name) {
        List<Digest> claimed = new ArrayList<>();
        TagBinding.each(names.get(name)).forEach(named -> claimed.add(0, named.digest()));
        return claimed;
    }

    /** Forgets that the record of a manifest claims a name; what that meant is still known by its digest. */
    public synchronized void drop(ImageReference name, Digest digest) {
        removeName(name, digest);
    }

    /** True if the repository may show that blob. */
    public boolean hasBlob(Repository repository, Digest digest) {
        DigestLink first = claims.get(digest);
        DigestLink own = DigestLink.of(first, repository, Kind.BLOB);
        return own != null && (own.is(DigestLink.CONFIRMED) || (own.isNamed() && isOwn(first, repository.registry())));
    }

    /** True if that digest is known as a manifest of the repository and not as a blob: it is not to be served as one. */
    public boolean isOnlyManifest(Repository repository, Digest digest) {
        DigestLink first = claims.get(digest);
        return DigestLink.of(first, repository, Kind.MANIFEST) != null
                && DigestLink.of(first, repository, Kind.BLOB) == null;
    }

    /** True if something said that the repository has that digest as a blob: a manifest of it, or its upstream. */
    public boolean isBlob(Repository repository, Digest digest) {
        return DigestLink.of(claims.get(digest), repository, Kind.BLOB) != null;
    }

    /** The size of a blob, if the manifests of the repository agree on one that it can have. */
    public OptionalLong blobSize(Repository repository, Digest digest) {
        DigestLink own = DigestLink.of(claims.get(digest), repository, Kind.BLOB);
        return own == null || !digest.canBeOf(own.size()) || DigestLink.of(own.next(), repository, Kind.BLOB) != null
                ? OptionalLong.empty()
                : OptionalLong.of(own.size());
    }

    /** The repository's upstream confirmed that it has that manifest. */
    public void confirmManifest(Repository repository, Digest digest) {
        mark(repository, digest, Kind.MANIFEST, DigestLink.CONFIRMED);
    }

    /** The repository's upstream confirmed that it has that blob. True if that is news. */
    public boolean confirmBlob(ConfirmedLink link) {
        DigestLink before = mark(
                link.repository(),
                link.digest(),
                Kind.BLOB,
                link.isPublic() ? DigestLink.CONFIRMED | DigestLink.PUBLIC : DigestLink.CONFIRMED);
        return before == null || !before.is(DigestLink.CONFIRMED);
    }

    /** True if anybody can get that blob somewhere, as far as is known here. */
    public boolean isPublic(Digest blob) {
        return DigestLink.each(claims.get(blob)).anyMatch(claim -> claim.is(DigestLink.PUBLIC));
    }

    /** Takes over a link that was kept, to a blob or to what the repository's manifests name as a manifest. */
    public void restore(ConfirmedLink link) {
        if (isOnlyManifest(link.repository(), link.digest())) {
            confirmManifest(link.repository(), link.digest());
        } else {
            confirmBlob(link);
        }
    }

    /** Forgets what upstreams confirmed of a digest that is not here any more. */
    void forget(Digest digest) {
        change(digest, first -> DigestLink.unmarked(first, DigestLink.CONFIRMED | DigestLink.PUBLIC));
    }

    /**
     * What the manifests here name and is here too, as links: what a cache has to begin with that kept none (ADR 8).
     *
     * @param isHere whether a blob is
     * @param isPublic whether a registry asks for no credentials
     */
    public List<ConfirmedLink> named(Predicate<Digest> isHere, Predicate<RegistryName> isPublic) {
        List<ConfirmedLink> named = new ArrayList<>();
        claims.forEach((digest, first) -> DigestLink.each(first)
                .filter(DigestLink::isNamed)
                .filter(claim -> claim.kind() == Kind.BLOB ? isHere.test(digest) : isOnlyOfOthers(first, claim))
                .map(DigestLink::repository)
                .distinct()
                .map(repository -> new ConfirmedLink(repository, digest, isPublic.test(repository.registry())))
                .forEach(named::add));
        return named;
    }

    /** Somebody's record of it is here, but none of this registry. */
    private static boolean isOnlyOfOthers(DigestLink first, DigestLink own) {
        RegistryName registry = own.repository().registry();
        return DigestLink.each(first).anyMatch(DigestLink::isConfirmed)
                && DigestLink.each(first)
                        .filter(DigestLink::isConfirmed)
                        .noneMatch(claim -> claim.repository().registry().equals(registry));
    }

    private Optional<Digest> linkedManifest(ImageReference name) {
        if (!(name.reference() instanceof Digest digest)) {
            return Optional.empty();
        }
        DigestLink first = claims.get(digest);
        boolean isLinked = DigestLink.of(first, name.repository(), Kind.MANIFEST) != null;
        return isLinked && isOwn(first, name.repository().registry()) ? Optional.of(digest) : Optional.empty();
    }

    private boolean isOwn(@Nullable DigestLink first, RegistryName registry) {
        return closed || DigestLink.isOwn(first, registry);
    }

    /** What the record of a manifest in a repository brings with it, once however many names it has there. */
    private void link(Repository repository, ManifestSummary manifest) {
        DigestLink before = mark(repository, manifest.digest(), Kind.MANIFEST, DigestLink.RECORDED);
        if (before != null && before.is(DigestLink.RECORDED)) {
            return;
        }
        holdings.computeIfPresent(repository, (same, known) -> known.plus(1));
        for (Digest child : manifest.children()) {
            change(child, first -> DigestLink.named(first, repository, Kind.MANIFEST, DigestLink.UNKNOWN_SIZE));
        }
        for (ManifestSummary.Blob blob : manifest.blobs()) {
            change(blob.digest(), first -> DigestLink.named(first, repository, Kind.BLOB, blob.size()));
        }
        manifest.subject()
                .ifPresent(subject -> referrers.merge(
                        new ImageReference(repository, subject), Set.of(manifest.digest()), ContentIndex::union));
    }

    private void unlink(Repository repository, ManifestSummary manifest) {
        DigestLink own = DigestLink.of(claims.get(manifest.digest()), repository, Kind.MANIFEST);
        if (own == null || !own.is(DigestLink.RECORDED)) {
            return;
        }
        change(manifest.digest(), first -> DigestLink.unmarked(first, repository, Kind.MANIFEST, DigestLink.RECORDED));
        for (Digest child : manifest.children()) {
            change(child, first -> DigestLink.unnamed(first, repository, Kind.MANIFEST, DigestLink.UNKNOWN_SIZE));
        }
        for (ManifestSummary.Blob blob : manifest.blobs()) {
            change(blob.digest(), first -> DigestLink.unnamed(first, repository, Kind.BLOB, blob.size()));
        }
        manifest.subject()
                .ifPresent(subject -> referrers.computeIfPresent(
                        new ImageReference(repository, subject), (same, known) -> without(known, manifest.digest())));
        holdings.computeIfPresent(repository, (same, known) -> known.plus(-1).orNull());
    }

    private void claimName(ImageReference name, ManifestSummary manifest, Instant checked) {
        Reference reference = name.reference();
        if (reference.equals(manifest.digest())) {
            return;
        }
        if (reference instanceof Tag tag && !names.containsKey(name)) {
            holdings.computeIfPresent(name.repository(), (same, known) -> known.with(tag));
        }
        names.compute(
                name, (same, known) -> believed(same, known, TagBinding.claimed(known, manifest.digest(), checked)));
    }

    /** A name that means another manifest, or was confirmed later, is not doubtful any more. */
    private TagBinding believed(ImageReference name, @Nullable TagBinding before, TagBinding now) {
        if (before == null
                || !before.digest().equals(now.digest())
                || !before.checked().equals(now.checked())) {
            doubtful.remove(name);
        }
        return now;
    }

    private void removeName(ImageReference name, Digest digest) {
        TagBinding left = names.computeIfPresent(name, (same, known) -> TagBinding.without(known, digest));
        if (left == null) {
            doubtful.remove(name);
        }
        if (left == null && name.reference() instanceof Tag tag) {
            holdings.computeIfPresent(
                    name.repository(), (same, known) -> known.without(tag).orNull());
        }
    }

    /** Tells what the repository had to do with it before. */
    private @Nullable DigestLink mark(Repository repository, Digest digest, Kind kind, int marks) {
        Repository one = one(repository);
        DigestLink[] before = new DigestLink[1];
        claims.compute(digest, (same, first) -> {
            DigestLink known = DigestLink.of(first, one, kind);
            before[0] = known;
            boolean isMarked = known != null && (known.marks() & marks) == marks;
            return isMarked ? first : DigestLink.marked(first, one, kind, marks);
        });
        return before[0];
    }

    private void change(Digest digest, UnaryOperator<@Nullable DigestLink> change) {
        claims.compute(digest, (same, first) -> change.apply(first));
    }

    /** The one object that all share for a repository, if anything is here of it. */
    private Repository one(Repository repository) {
        RepositoryEntry known = holdings.get(repository);
        return known == null ? repository : known.repository();
    }

    private Repository begin(Repository repository) {
        RepositoryEntry known = holdings.get(repository);
        if (known != null) {
            return known.repository();
        }
        RegistryName registry = registries.computeIfAbsent(repository.registry(), same -> same);
        Repository shared = new Repository(registry, repository.name());
        holdings.put(shared, new RepositoryEntry(shared));
        return shared;
    }

    private static Set<Digest> union(Set<Digest> some, Set<Digest> more) {
        return Stream.concat(some.stream(), more.stream()).collect(Collectors.toUnmodifiableSet());
    }

    private static @Nullable Set<Digest> without(Set<Digest> some, Digest one) {
        Set<Digest> rest = some.stream().filter(each -> !each.equals(one)).collect(Collectors.toUnmodifiableSet());
        return rest.isEmpty() ? null : rest;
    }
}
