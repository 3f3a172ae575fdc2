package io.ociregistry.registry.index;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.index.DigestLink.Kind;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.ManifestStore;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
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
 * The index in memory of which names mean which manifests and which repository may show which digest; thread-safe.
 *
 * <p>Bytes are shared by digest, but a repository shows a digest only in two cases: its upstream confirmed the digest
 * (sent it, or gave a trusted answer, see {@code BlobAccess}), or one of its manifests names the digest and no other
 * registry has confirmed or named it. A manifest is not enough to show the content of another registry, because anybody
 * can run a registry whose manifests name private blobs of others (ADR 8).
 *
 * <p>Reads take no lock. Removing a record removes everything that the record added. A manifest costs less than 1
 * KiB with its tag and five blobs of its own: equal values are shared, and lists have no spare capacity.
 */
public final class ContentIndex {
    private final boolean airGapped;

    /** The meaning of tags, and of digests that are not SHA-256. A SHA-256 digest needs no entry. */
    private final Map<ImageReference, TagBinding> names = new ConcurrentHashMap<>();
    /** The links of repositories to a digest. */
    private final Map<Digest, DigestLink> links = new ConcurrentHashMap<>();

    private final Map<Repository, RepositoryEntry> entries = new ConcurrentHashMap<>();
    /** The referrers of a manifest, by repository and subject. */
    private final Map<ImageReference, Set<Digest>> referrers = new ConcurrentHashMap<>();

    /** Names whose newest record is lost: they mean an older manifest, which the upstream has not confirmed since. */
    private final Set<ImageReference> doubtful = ConcurrentHashMap.newKeySet();

    private final Map<RegistryName, RegistryName> registries = new ConcurrentHashMap<>();
    /** The pinned digests with the number of their pins; manifests that are not recorded yet will name them. */
    private final Map<Digest, Integer> pins = new ConcurrentHashMap<>();

    /**
     * Creates an empty index.
     *
     * @param airGapped true if this process asks no upstream; a repository may then show every digest that its
     *     manifests name
     */
    public ContentIndex(boolean airGapped) {
        this.airGapped = airGapped;
    }

    /** Returns true if this process asks no upstream. */
    public boolean isAirGapped() {
        return airGapped;
    }

    /** Returns the index of the records of a store as they are now, for a process that serves no clients. */
    public static ContentIndex of(ManifestStore records) {
        ContentIndex index = new ContentIndex(true);
        records.forEach(record -> index.add(ManifestSummary.of(record)));
        return index;
    }

    /**
     * Adds the content of a new or changed record. If two records claim a tag, it means the manifest confirmed last.
     */
    public synchronized void add(ManifestSummary manifest) {
        for (RecordedReference reference : manifest.references()) {
            Repository repository = addEntry(reference.name().repository());
            link(repository, manifest);
            claimName(new ImageReference(repository, reference.name().reference()), manifest, reference.checked());
        }
    }

    /**
     * Removes names of a record, or a whole record, that this server removed.
     *
     * @param before the record before the removal
     * @param left the names that the record still has
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
     * Removes names of a record, or a whole record, that this server did not remove. The names are then doubtful,
     * because an older record that claims such a name may be long outdated.
     *
     * @param before the record before the loss
     * @param left the names that the record still has
     */
    synchronized void removeLost(ManifestSummary before, Set<ImageReference> left) {
        remove(before, left);
        before.references().stream()
                .filter(reference -> !left.contains(reference.name()))
                .forEach(reference -> markDoubtful(reference.name(), reference.checked()));
    }

    /**
     * Marks a name as doubtful if it means an older manifest than the one of a lost record.
     *
     * @param checked the time of the lost record's last confirmation
     */
    void markDoubtful(ImageReference name, Instant checked) {
        names.computeIfPresent(name, (same, known) -> {
            if (checked.isAfter(known.lastConfirmed())) {
                doubtful.add(same);
            }
            return known;
        });
    }

    /** Returns true if a name means an older manifest because the record of a newer one is lost. */
    public boolean isDoubtful(ImageReference name) {
        return doubtful.contains(name);
    }

    /**
     * Runs an action unless the digest is referenced by a manifest, has a record, or is pinned. During the action
     * no such record can be added and the digest can't be pinned.
     *
     * @param action returns true if the content of the digest is now deleted; its confirmed links are then removed
     *     too
     * @return true if the action ran and returned true
     */
    public boolean runIfUnreferenced(Digest digest, BooleanSupplier action) {
        boolean[] done = new boolean[1];
        links.compute(digest, (same, first) -> {
            if (isReferenced(first) || isPinned(digest)) {
                return first;
            }
            done[0] = action.getAsBoolean();
            return done[0] ? null : first;
        });
        return done[0];
    }

    /** Keeps a digest as if a manifest named it, until {@link #unpin} was called as often as this method. */
    void pin(Digest digest) {
        links.compute(digest, (same, first) -> {
            pins.merge(digest, 1, Integer::sum);
            return first;
        });
    }

    void unpin(Digest digest) {
        pins.computeIfPresent(digest, (same, count) -> count == 1 ? null : count - 1);
    }

    public boolean isPinned(Digest digest) {
        return pins.containsKey(digest);
    }

    /** Returns true if a manifest names the digest or the digest has a record. */
    public boolean isReferenced(Digest digest) {
        return isReferenced(links.get(digest));
    }

    private static boolean isReferenced(@Nullable DigestLink first) {
        return DigestLink.stream(first).anyMatch(link -> link.isReferenced() || link.has(DigestLink.RECORDED));
    }

    /** Returns the cached tags of a repository. */
    public Set<Tag> tags(Repository repository) {
        RepositoryEntry known = entries.get(repository);
        return known == null ? Set.of() : known.tagSet();
    }

    /** Returns true if the repository has a record of a manifest. */
    public boolean hasManifests(Repository repository) {
        RepositoryEntry known = entries.get(repository);
        return known != null && known.manifests() > 0;
    }

    /** Returns the cached manifests of a repository that have the given manifest as their subject. */
    public Set<Digest> referrers(Repository repository, Digest subject) {
        return referrers.getOrDefault(new ImageReference(repository, subject), Set.of());
    }

    /**
     * Returns every known name with its manifest; a manifest without a tag in its repository is listed by its
     * digest.
     */
    public Map<ImageReference, Digest> names() {
        Map<ImageReference, Digest> all = new HashMap<>();
        Set<ImageReference> named = new HashSet<>();
        names.forEach((name, meaning) -> {
            all.put(name, meaning.digest());
            named.add(new ImageReference(name.repository(), meaning.digest()));
        });
        links.forEach((digest, first) -> DigestLink.stream(first)
                .filter(link -> link.kind() == Kind.MANIFEST && link.has(DigestLink.RECORDED))
                .map(link -> new ImageReference(link.repository(), digest))
                .filter(name -> !named.contains(name))
                .forEach(name -> all.put(name, digest)));
        return all;
    }

    /** Returns the SHA-256 digest of the manifest that a name means; empty if the name is unknown. */
    public Optional<Digest> find(ImageReference name) {
        return Optional.ofNullable(names.get(name)).map(TagBinding::digest).or(() -> linkedManifest(name));
    }

    /** Returns the time at which an upstream last confirmed a name; the epoch if the name is unknown. */
    public Instant lastConfirmed(ImageReference name) {
        TagBinding named = names.get(name);
        return named == null ? Instant.EPOCH : named.lastConfirmed();
    }

    /**
     * Returns the time to record for a confirmation of a name now. It is later than every recorded confirmation of that
     * name, even if the clock was set back, because the later one of two claims to a tag counts.
     */
    public Instant nextConfirmationTime(ImageReference name, Instant now) {
        Instant after = lastConfirmed(name).plusMillis(1);
        return after.isAfter(now) ? after : now;
    }

    /** Notes that the upstream confirmed that a name still means the manifest of this digest. */
    public void refresh(ImageReference name, Digest digest, Instant now) {
        Instant checked = nextConfirmationTime(name, now);
        names.computeIfPresent(
                name, (same, known) -> clearDoubt(same, known, TagBinding.withConfirmation(known, digest, checked)));
    }

    /**
     * Returns all manifests whose records claim a name, the current one last. If the name is removed from the manifests
     * in this order, it never means an older one in the meantime.
     */
    public List<Digest> manifestsClaiming(ImageReference name) {
        List<Digest> claimed = new ArrayList<>();
        TagBinding.stream(names.get(name)).forEach(named -> claimed.add(0, named.digest()));
        return claimed;
    }

    /** Removes the claim of a manifest's record to a name; the manifest is still found by its digest. */
    public synchronized void drop(ImageReference name, Digest digest) {
        removeName(name, digest);
    }

    /** Returns true if the repository may show this blob. */
    public boolean hasBlob(Repository repository, Digest digest) {
        DigestLink first = links.get(digest);
        DigestLink own = DigestLink.firstOf(first, repository, Kind.BLOB);
        return own != null
                && (own.has(DigestLink.CONFIRMED) || (own.isReferenced() && isOwn(first, repository.registry())));
    }

    /** Returns true if the digest is known as a manifest of the repository and not as a blob. */
    public boolean isOnlyManifest(Repository repository, Digest digest) {
        DigestLink first = links.get(digest);
        return DigestLink.firstOf(first, repository, Kind.MANIFEST) != null
                && DigestLink.firstOf(first, repository, Kind.BLOB) == null;
    }

    /** Returns true if a manifest of the repository names the digest as a blob, or its upstream confirmed the blob. */
    public boolean isBlob(Repository repository, Digest digest) {
        return DigestLink.firstOf(links.get(digest), repository, Kind.BLOB) != null;
    }

    /** Returns the size of a blob, if the manifests of the repository agree on one and the digest allows that size. */
    public OptionalLong blobSize(Repository repository, Digest digest) {
        DigestLink own = DigestLink.firstOf(links.get(digest), repository, Kind.BLOB);
        return own == null
                        || !digest.canHaveSize(own.size())
                        || DigestLink.firstOf(own.next(), repository, Kind.BLOB) != null
                ? OptionalLong.empty()
                : OptionalLong.of(own.size());
    }

    /** Notes that the repository's upstream confirmed that it has this manifest. */
    public void confirmManifest(Repository repository, Digest digest) {
        mark(repository, digest, Kind.MANIFEST, DigestLink.CONFIRMED);
    }

    /**
     * Notes that the repository's upstream confirmed that it has a blob.
     *
     * @return true if the repository had no confirmed link to the blob before
     */
    public boolean confirmBlob(ConfirmedLink link) {
        DigestLink before = mark(
                link.repository(),
                link.digest(),
                Kind.BLOB,
                link.isPublic() ? DigestLink.CONFIRMED | DigestLink.PUBLIC : DigestLink.CONFIRMED);
        return before == null || !before.has(DigestLink.CONFIRMED);
    }

    /** Returns true if a registry without credentials confirmed this blob, so that anybody can get it there. */
    public boolean isPublic(Digest blob) {
        return DigestLink.stream(links.get(blob)).anyMatch(link -> link.has(DigestLink.PUBLIC));
    }

    /** Adds a stored link: to a manifest if the repository's manifests name the digest as one, otherwise to a blob. */
    public void restore(ConfirmedLink link) {
        if (isOnlyManifest(link.repository(), link.digest())) {
            confirmManifest(link.repository(), link.digest());
        } else {
            confirmBlob(link);
        }
    }

    /**
     * Returns links to all cached digests that cached manifests name, for a cache without stored links (ADR 8).
     *
     * @param isCached returns true if a blob is cached
     * @param isPublic returns true if a registry needs no credentials
     */
    public List<ConfirmedLink> initialLinks(Predicate<Digest> isCached, Predicate<RegistryName> isPublic) {
        List<ConfirmedLink> named = new ArrayList<>();
        links.forEach((digest, first) -> DigestLink.stream(first)
                .filter(DigestLink::isReferenced)
                .filter(link -> link.kind() == Kind.BLOB ? isCached.test(digest) : isOnlyOfOthers(first, link))
                .map(DigestLink::repository)
                .distinct()
                .map(repository -> new ConfirmedLink(repository, digest, isPublic.test(repository.registry())))
                .forEach(named::add));
        return named;
    }

    /** Returns true if other registries confirmed the digest and the registry of the given link did not. */
    private static boolean isOnlyOfOthers(DigestLink first, DigestLink own) {
        RegistryName registry = own.repository().registry();
        return DigestLink.stream(first).anyMatch(DigestLink::isConfirmed)
                && DigestLink.stream(first)
                        .filter(DigestLink::isConfirmed)
                        .noneMatch(link -> link.repository().registry().equals(registry));
    }

    private Optional<Digest> linkedManifest(ImageReference name) {
        if (!(name.reference() instanceof Digest digest)) {
            return Optional.empty();
        }
        DigestLink first = links.get(digest);
        boolean isLinked = DigestLink.firstOf(first, name.repository(), Kind.MANIFEST) != null;
        return isLinked && isOwn(first, name.repository().registry()) ? Optional.of(digest) : Optional.empty();
    }

    private boolean isOwn(@Nullable DigestLink first, RegistryName registry) {
        return airGapped || DigestLink.mayShow(first, registry);
    }

    /** Links a repository to the digests of a manifest; does nothing for further names of the manifest there. */
    private void link(Repository repository, ManifestSummary manifest) {
        DigestLink before = mark(repository, manifest.digest(), Kind.MANIFEST, DigestLink.RECORDED);
        if (before != null && before.has(DigestLink.RECORDED)) {
            return;
        }
        entries.computeIfPresent(repository, (same, known) -> known.plusManifests(1));
        for (Digest child : manifest.children()) {
            change(child, first -> DigestLink.withReference(first, repository, Kind.MANIFEST, DigestLink.UNKNOWN_SIZE));
        }
        for (ManifestSummary.Blob blob : manifest.blobs()) {
            change(blob.digest(), first -> DigestLink.withReference(first, repository, Kind.BLOB, blob.size()));
        }
        manifest.subject()
                .ifPresent(subject -> referrers.merge(
                        new ImageReference(repository, subject), Set.of(manifest.digest()), ContentIndex::union));
    }

    private void unlink(Repository repository, ManifestSummary manifest) {
        DigestLink own = DigestLink.firstOf(links.get(manifest.digest()), repository, Kind.MANIFEST);
        if (own == null || !own.has(DigestLink.RECORDED)) {
            return;
        }
        change(
                manifest.digest(),
                first -> DigestLink.withoutFlags(first, repository, Kind.MANIFEST, DigestLink.RECORDED));
        for (Digest child : manifest.children()) {
            change(
                    child,
                    first -> DigestLink.withoutReference(first, repository, Kind.MANIFEST, DigestLink.UNKNOWN_SIZE));
        }
        for (ManifestSummary.Blob blob : manifest.blobs()) {
            change(blob.digest(), first -> DigestLink.withoutReference(first, repository, Kind.BLOB, blob.size()));
        }
        manifest.subject()
                .ifPresent(subject -> referrers.computeIfPresent(
                        new ImageReference(repository, subject), (same, known) -> without(known, manifest.digest())));
        entries.computeIfPresent(
                repository, (same, known) -> known.plusManifests(-1).nullIfEmpty());
    }

    private void claimName(ImageReference name, ManifestSummary manifest, Instant checked) {
        Reference reference = name.reference();
        if (reference.equals(manifest.digest())) {
            return;
        }
        if (reference instanceof Tag tag && !names.containsKey(name)) {
            entries.computeIfPresent(name.repository(), (same, known) -> known.withTag(tag));
        }
        names.compute(
                name,
                (same, known) -> clearDoubt(same, known, TagBinding.withClaim(known, manifest.digest(), checked)));
    }

    /**
     * Returns the new binding, and removes the doubt about a name that means another manifest or was confirmed
     * later.
     */
    private TagBinding clearDoubt(ImageReference name, @Nullable TagBinding before, TagBinding now) {
        if (before == null
                || !before.digest().equals(now.digest())
                || !before.lastConfirmed().equals(now.lastConfirmed())) {
            doubtful.remove(name);
        }
        return now;
    }

    private void removeName(ImageReference name, Digest digest) {
        TagBinding left = names.computeIfPresent(name, (same, known) -> TagBinding.withoutClaim(known, digest));
        if (left == null) {
            doubtful.remove(name);
        }
        if (left == null && name.reference() instanceof Tag tag) {
            entries.computeIfPresent(
                    name.repository(), (same, known) -> known.withoutTag(tag).nullIfEmpty());
        }
    }

    /** Sets flags of a repository's link to a digest and returns the link before; null if there was none. */
    private @Nullable DigestLink mark(Repository repository, Digest digest, Kind kind, int flags) {
        Repository shared = shared(repository);
        DigestLink[] before = new DigestLink[1];
        links.compute(digest, (same, first) -> {
            DigestLink known = DigestLink.firstOf(first, shared, kind);
            before[0] = known;
            boolean isMarked = known != null && (known.flags() & flags) == flags;
            return isMarked ? first : DigestLink.withFlags(first, shared, kind, flags);
        });
        return before[0];
    }

    private void change(Digest digest, UnaryOperator<@Nullable DigestLink> change) {
        links.compute(digest, (same, first) -> change.apply(first));
    }

    /** Returns the shared object of a repository that has an entry; otherwise the argument. */
    private Repository shared(Repository repository) {
        RepositoryEntry known = entries.get(repository);
        return known == null ? repository : known.repository();
    }

    private Repository addEntry(Repository repository) {
        RepositoryEntry known = entries.get(repository);
        if (known != null) {
            return known.repository();
        }
        RegistryName registry = registries.computeIfAbsent(repository.registry(), same -> same);
        Repository shared = new Repository(registry, repository.name());
        entries.put(shared, new RepositoryEntry(shared));
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
