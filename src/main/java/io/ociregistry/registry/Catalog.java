package io.ociregistry.registry;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.RecordedReference;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which names mean which manifests, and which digests each repository may show: the index of the manifest records, in memory.
 *
 * <p>Bytes are shared by digest, but a repository shows a digest only if one of its manifests names it or its upstream confirmed it;
 * otherwise anybody could read private blobs by guessing a public repository. Reading takes no lock.
 */
final class Catalog {
    private static final long UNKNOWN_SIZE = -1;

    private final Map<ImageReference, Named> names = new ConcurrentHashMap<>();
    private final Map<Repository, Links> links = new ConcurrentHashMap<>();

    /** Adds what a record says. A tag that two records claim belongs to the one that was checked last. */
    void add(ManifestRecord record) {
        for (RecordedReference reference : record.references()) {
            Named named = new Named(record.manifest().digest(), reference.checked());
            names.merge(reference.name(), named, Named::newer);
            link(reference.name().repository(), record.manifest());
        }
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

    /** The upstream confirmed that a name still means that manifest. */
    void refresh(ImageReference name, Digest digest, Instant now) {
        names.merge(name, new Named(digest, now), Named::newer);
    }

    /** True if the repository may show that blob. */
    boolean hasBlob(Repository repository, Digest digest) {
        return linksOf(repository).blobs.containsKey(digest);
    }

    /** True if that digest is known as a manifest of the repository and not as a blob: it is not to be served as one. */
    boolean isOnlyManifest(Repository repository, Digest digest) {
        Links known = linksOf(repository);
        return known.manifests.contains(digest) && !known.blobs.containsKey(digest);
    }

    /** The size of a blob, if a manifest of the repository tells it. */
    OptionalLong blobSize(Repository repository, Digest digest) {
        long size = linksOf(repository).blobs.getOrDefault(digest, UNKNOWN_SIZE);
        return size == UNKNOWN_SIZE ? OptionalLong.empty() : OptionalLong.of(size);
    }

    /** The repository's upstream confirmed that it has that blob. True if that is news. */
    boolean confirmBlob(Repository repository, Digest digest) {
        return linksFor(repository).blobs.putIfAbsent(digest, UNKNOWN_SIZE) == null;
    }

    /** Some repository that may show that blob. Looks at all of them. */
    Optional<Repository> repositoryOf(Digest blob) {
        return links.entrySet().stream()
                .filter(entry -> entry.getValue().blobs.containsKey(blob))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    private Optional<Digest> linkedManifest(ImageReference name) {
        return name.reference() instanceof Digest digest
                        && linksOf(name.repository()).manifests.contains(digest)
                ? Optional.of(digest)
                : Optional.empty();
    }

    private void link(Repository repository, Manifest manifest) {
        Links known = linksFor(repository);
        known.manifests.add(manifest.digest());
        for (Descriptor child : manifest.children()) {
            known.manifests.add(child.digest());
        }
        for (Descriptor blob : manifest.blobs()) {
            known.blobs.merge(blob.digest(), blob.size(), Math::max);
        }
    }

    private Links linksOf(Repository repository) {
        return links.getOrDefault(repository, Links.NONE);
    }

    private Links linksFor(Repository repository) {
        return links.computeIfAbsent(
                repository, r -> new Links(ConcurrentHashMap.newKeySet(), new ConcurrentHashMap<>()));
    }

    /** What a repository may show: manifests, and blobs with the size their manifest gives them. */
    private record Links(Set<Digest> manifests, Map<Digest, Long> blobs) {
        static final Links NONE = new Links(Set.of(), Map.of());
    }

    private record Named(Digest digest, Instant checked) {
        Named newer(Named other) {
            return other.checked.isBefore(checked) ? this : other;
        }
    }
}
