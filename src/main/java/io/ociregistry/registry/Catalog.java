package io.ociregistry.registry;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which names mean which manifests, and which digests each repository may show: the index of the manifest records, in memory.
 *
 * <p>Bytes are shared by digest, but a repository shows a digest only if its upstream confirmed it (sent it, or gave its word where that
 * counts: see {@link Proofs}), or if one of its manifests names it and no other registry has anything to do with it. That a manifest names a
 * digest is not enough between registries: anybody who runs one could name what is private in another and read it here. Reading takes no
 * lock.
 */
final class Catalog {
    private static final long UNKNOWN_SIZE = -1;

    private final boolean closed;

    private final Map<ImageReference, Named> names = new ConcurrentHashMap<>();
    private final Map<Repository, Links> links = new ConcurrentHashMap<>();
    /** Registries whose manifests name a digest. Most have one, and share that set. */
    private final Map<Digest, Set<RegistryName>> namedBy = new ConcurrentHashMap<>();
    /** Registries that confirmed a digest. */
    private final Map<Digest, Set<RegistryName>> confirmedBy = new ConcurrentHashMap<>();
    /** Blobs that a registry which asked for no credentials confirmed. */
    private final Set<Digest> publicBlobs = ConcurrentHashMap.newKeySet();

    /**
     * An empty catalog.
     *
     * @param closed whether this server asks nobody: then nobody can have named anything to read it here, and a name is enough
     */
    Catalog(boolean closed) {
        this.closed = closed;
    }

    /** Adds what a record says. A tag that two records claim belongs to the one that was checked last. */
    void add(ManifestSummary manifest) {
        for (RecordedReference reference : manifest.references()) {
            Named named = new Named(manifest.digest(), reference.checked());
            names.merge(reference.name(), named, Named::newer);
            link(reference.name().repository(), manifest);
            if (reference.name().reference() instanceof Tag tag) {
                linksFor(reference.name().repository()).tags.add(tag);
            }
        }
    }

    /** The tags of a repository that are known here. */
    Set<Tag> tags(Repository repository) {
        return Set.copyOf(linksOf(repository).tags);
    }

    /** The manifests known here of a repository that refer to that one as their subject. */
    Set<Digest> referrers(Repository repository, Digest subject) {
        return Set.copyOf(linksOf(repository).referrers.getOrDefault(subject, Set.of()));
    }

    /** The SHA-256 digest of the manifest that this name means, if that is known. */
    Optional<Digest> find(ImageReference name) {
        return Optional.ofNullable(names.get(name)).map(Named::digest).or(() -> linkedManifest(name));
    }

    /** When an upstream last confirmed what a name means; long ago if it is not known. */
    Instant checked(ImageReference name) {
        Named named = names.get(name);
        return named == null ? Instant.EPOCH : named.checked;
    }

    /**
     * The time to note for what an upstream says of a name just now: later than all that is noted, whatever the clock does, since of two
     * claims to a tag the later one counts.
     */
    Instant nextCheck(ImageReference name, Instant now) {
        Instant after = checked(name).plusMillis(1);
        return after.isAfter(now) ? after : now;
    }

    /** The upstream confirmed that a name still means that manifest. */
    void refresh(ImageReference name, Digest digest, Instant now) {
        names.merge(name, new Named(digest, nextCheck(name, now)), Named::newer);
    }

    /** Forgets a name that is gone upstream; what it meant is still known by its digest. Tells all manifests whose records claim it. */
    Set<Digest> drop(ImageReference name) {
        Named named = names.remove(name);
        if (name.reference() instanceof Tag tag) {
            linksFor(name.repository()).tags.remove(tag);
        }
        return named == null ? Set.of() : named.claims;
    }

    /** True if the repository may show that blob. */
    boolean hasBlob(Repository repository, Digest digest) {
        Links known = linksOf(repository);
        return known.confirmed.contains(digest)
                || (known.blobs.containsKey(digest) && isOwn(repository.registry(), digest));
    }

    /** True if that digest is known as a manifest of the repository and not as a blob: it is not to be served as one. */
    boolean isOnlyManifest(Repository repository, Digest digest) {
        return linksOf(repository).manifests.contains(digest) && !isBlob(repository, digest);
    }

    /** True if something said that the repository has that digest as a blob: a manifest of it, or its upstream. */
    boolean isBlob(Repository repository, Digest digest) {
        Links known = linksOf(repository);
        return known.blobs.containsKey(digest) || known.confirmed.contains(digest);
    }

    /** The size of a blob, if a manifest of the repository tells it. */
    OptionalLong blobSize(Repository repository, Digest digest) {
        long size = linksOf(repository).blobs.getOrDefault(digest, UNKNOWN_SIZE);
        return size == UNKNOWN_SIZE ? OptionalLong.empty() : OptionalLong.of(size);
    }

    /** The repository's upstream confirmed that it has that manifest. */
    void confirmManifest(Repository repository, Digest digest) {
        confirmedBy.merge(digest, Set.of(repository.registry()), Catalog::union);
        linksFor(repository).manifests.add(digest);
    }

    /** The repository's upstream confirmed that it has that blob. True if that is news. */
    boolean confirmBlob(ConfirmedLink link) {
        if (link.isPublic()) {
            publicBlobs.add(link.digest());
        }
        confirmedBy.merge(link.digest(), Set.of(link.repository().registry()), Catalog::union);
        return linksFor(link.repository()).confirmed.add(link.digest());
    }

    /** True if anybody can get that blob somewhere, as far as is known here. */
    boolean isPublic(Digest blob) {
        return publicBlobs.contains(blob);
    }

    /** Takes over a link that was kept, to a blob or to what the repository's manifests name as a manifest. */
    void restore(ConfirmedLink link) {
        if (isOnlyManifest(link.repository(), link.digest())) {
            confirmManifest(link.repository(), link.digest());
        } else {
            confirmBlob(link);
        }
    }

    /**
     * What the manifests here name and is here too, as links: what a cache has to begin with that kept none (ADR 8).
     *
     * @param isHere whether a blob is
     * @param isPublic whether a registry asks for no credentials
     */
    List<ConfirmedLink> named(Predicate<Digest> isHere, Predicate<RegistryName> isPublic) {
        List<ConfirmedLink> named = new ArrayList<>();
        links.forEach((repository, known) -> {
            boolean open = isPublic.test(repository.registry());
            Stream<Digest> blobs = known.blobs.keySet().stream().filter(isHere);
            // Somebody's record of it is here, but none of this registry.
            Stream<Digest> children = known.manifests.stream().filter(digest -> !confirmedBy
                    .getOrDefault(digest, Set.of(repository.registry()))
                    .contains(repository.registry()));
            Stream.concat(blobs, children).forEach(digest -> named.add(new ConfirmedLink(repository, digest, open)));
        });
        return named;
    }

    private Optional<Digest> linkedManifest(ImageReference name) {
        return name.reference() instanceof Digest digest
                        && linksOf(name.repository()).manifests.contains(digest)
                        && isOwn(name.repository().registry(), digest)
                ? Optional.of(digest)
                : Optional.empty();
    }

    /** True if that registry confirmed the digest, or is the only one that ever named it. */
    private boolean isOwn(RegistryName registry, Digest digest) {
        if (closed) {
            return true;
        }
        Set<RegistryName> confirmed = confirmedBy.getOrDefault(digest, Set.of());
        return confirmed.isEmpty()
                ? namedBy.getOrDefault(digest, Set.of()).equals(Set.of(registry))
                : confirmed.contains(registry);
    }

    private void link(Repository repository, ManifestSummary manifest) {
        Links known = linksFor(repository);
        confirmManifest(repository, manifest.digest());
        manifest.subject().ifPresent(subject -> known.referrers
                .computeIfAbsent(subject, unused -> ConcurrentHashMap.newKeySet())
                .add(manifest.digest()));
        for (Digest child : manifest.children()) {
            known.manifests.add(child);
            namedBy.merge(child, Set.of(repository.registry()), Catalog::union);
        }
        for (ManifestSummary.Blob blob : manifest.blobs()) {
            known.blobs.merge(
                    blob.digest(), blob.size(), (one, other) -> one.equals(other) ? one : Long.valueOf(UNKNOWN_SIZE));
            namedBy.merge(blob.digest(), Set.of(repository.registry()), Catalog::union);
        }
    }

    private static <T> Set<T> union(Set<T> some, Set<T> more) {
        if (some.containsAll(more)) {
            return some;
        }
        return Stream.concat(some.stream(), more.stream()).collect(Collectors.toUnmodifiableSet());
    }

    private Links linksOf(Repository repository) {
        return links.getOrDefault(repository, Links.NONE);
    }

    private Links linksFor(Repository repository) {
        return links.computeIfAbsent(repository, unused -> Links.some());
    }

    /**
     * What has to do with a repository: manifests, blobs with the size its manifests agree on, blobs that its upstream confirmed, its tags,
     * and its manifests that have a subject, by that.
     */
    private record Links(
            Set<Digest> manifests,
            Map<Digest, Long> blobs,
            Set<Digest> confirmed,
            Set<Tag> tags,
            Map<Digest, Set<Digest>> referrers) {
        static final Links NONE = new Links(Set.of(), Map.of(), Set.of(), Set.of(), Map.of());

        static Links some() {
            return new Links(
                    ConcurrentHashMap.newKeySet(),
                    new ConcurrentHashMap<>(),
                    ConcurrentHashMap.newKeySet(),
                    ConcurrentHashMap.newKeySet(),
                    new ConcurrentHashMap<>());
        }
    }

    /** What a name means, and every digest with a record that claims it. */
    private record Named(Digest digest, Instant checked, Set<Digest> claims) {
        Named(Digest digest, Instant checked) {
            this(digest, checked, Set.of(digest));
        }

        Named newer(Named other) {
            Named last = other.checked.isBefore(checked) ? this : other;
            return new Named(last.digest, last.checked, union(claims, other.claims));
        }
    }
}
