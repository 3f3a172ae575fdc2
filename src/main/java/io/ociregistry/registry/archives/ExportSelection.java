package io.ociregistry.registry.archives;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageConfig;
import io.ociregistry.oci.ImageContents;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Platform;
import io.ociregistry.oci.Platforms;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.store.BlobStore;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.ManifestStore;
import io.ociregistry.store.RecordedReference;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Selects the content of an export: every requested name whose content is complete, with its referrers, such as
 * signatures.
 *
 * <p>A manifest without a tag is not listed by its digest if a requested index lists it, for any platform, or if its
 * subject is such a manifest. Used by one thread.
 */
final class ExportSelection {
    static final Comparator<ImageReference> BY_NAME = Comparator.comparing(ImageReference::toString);

    private final ContentIndex catalog;
    private final ManifestStore records;
    private final BlobStore store;
    private final ExportRequest request;
    private final SortedSet<String> problems = new TreeSet<>();
    /** The digests that name the manifests, with the SHA-256 digests of these. */
    private final SortedMap<Digest, Digest> manifests = new TreeMap<>();
    /** The blobs with their sizes. */
    private final SortedMap<Digest, Long> blobs = new TreeMap<>();
    /** The digest names of all manifests in their repositories. */
    private final Set<ImageReference> included = new HashSet<>();
    /** The listed names, by the SHA-256 digests of their manifests; referrers without a tag have no name. */
    private final Map<Digest, SortedSet<ImageReference>> listed = new HashMap<>();

    /** The children of all requested indexes, for all platforms. */
    private final Set<ImageReference> children = new HashSet<>();

    private final Deque<ImageReference> unexplored = new ArrayDeque<>();

    ExportSelection(ContentIndex catalog, ManifestStore records, BlobStore store, ExportRequest request) {
        this.catalog = catalog;
        this.records = records;
        this.store = store;
        this.request = request;
    }

    /** Selects the content, and adds to {@link #problems} the requested content that is left out. */
    void select() {
        catalog.names().entrySet().stream()
                .filter(each -> request.patterns().matches(each.getKey()) && isRecent(each.getKey(), each.getValue()))
                .map(each -> candidate(each.getKey(), each.getValue()))
                .sorted(Comparator.comparing(Candidate::rank))
                .forEach(each -> addRoot(each.name(), each.manifest()));
        addReferrers();
    }

    SortedMap<Digest, Digest> manifests() {
        return manifests;
    }

    SortedMap<Digest, Long> blobs() {
        return blobs;
    }

    Map<Digest, SortedSet<ImageReference>> listed() {
        return listed;
    }

    /** The content that can't be exported, with the reasons. */
    List<String> problems() {
        return List.copyOf(problems);
    }

    /** Tags rank before digests, and indexes before other digests, because the children of an index need no listing. */
    private record Candidate(String rank, ImageReference name, Digest manifest) {}

    private Candidate candidate(ImageReference name, Digest manifest) {
        if (name.reference() instanceof Tag) {
            return new Candidate("0 " + name, name, manifest);
        }
        boolean isIndex = records.find(manifest)
                .filter(found -> !found.children().isEmpty())
                .isPresent();
        return new Candidate((isIndex ? "1 " : "2 ") + name, name, manifest);
    }

    private boolean isRecent(ImageReference name, Digest manifest) {
        return request.since().isEmpty()
                || records.record(manifest).stream()
                        .flatMap(record -> recorded(record, name).stream())
                        .anyMatch(
                                reference -> isSince(reference, request.since().get()));
    }

    private static List<RecordedReference> recorded(ManifestRecord record, ImageReference name) {
        return record.references().stream()
                .filter(reference -> reference.name().equals(name)
                        || (!(name.reference() instanceof Tag)
                                && reference.name().repository().equals(name.repository())))
                .toList();
    }

    private static boolean isSince(RecordedReference reference, Instant since) {
        return !reference.pulled().isBefore(since) || !reference.created().isBefore(since);
    }

    private void addRoot(ImageReference name, Digest manifest) {
        Repository repository = name.repository();
        boolean isTag = name.reference() instanceof Tag;
        if (!isTag && (isReached(name) || hasReachedSubject(repository, manifest))) {
            return;
        }
        addChildren(repository, manifest);
        Optional<Platform> otherPlatform = otherPlatform(repository, manifest);
        if (otherPlatform.isPresent()) {
            skip(name, "it is an image for " + otherPlatform.get() + ", not for " + request.platforms());
        } else if (include(repository, manifest)) {
            listedNames(manifest).add(name);
        }
    }

    private SortedSet<ImageReference> listedNames(Digest manifest) {
        return listed.computeIfAbsent(manifest, unused -> new TreeSet<>(BY_NAME));
    }

    private Optional<Platform> otherPlatform(Repository repository, Digest manifest) {
        return find(repository, manifest)
                .flatMap(Manifest::config)
                .filter(config -> !request.platforms().equals(Platforms.ALL))
                .flatMap(config -> store.read(config.digest(), ImageConfig.MAX_BYTES))
                .flatMap(ImageConfig::platform)
                .filter(platform -> !request.platforms().includes(platform));
    }

    private Optional<Manifest> find(Repository repository, Digest digest) {
        return catalog.find(new ImageReference(repository, digest)).flatMap(records::find);
    }

    private void addChildren(Repository repository, Digest index) {
        find(repository, index).stream()
                .flatMap(manifest -> manifest.children().stream())
                .filter(child -> children.add(new ImageReference(repository, child.digest())))
                .forEach(child -> addChildren(repository, child.digest()));
    }

    private boolean isReached(ImageReference name) {
        return children.contains(name) || included.contains(name);
    }

    private boolean hasReachedSubject(Repository repository, Digest manifest) {
        return records.find(manifest)
                .flatMap(Manifest::subject)
                .filter(subject -> isReached(new ImageReference(repository, subject.digest())))
                .isPresent();
    }

    /**
     * Includes a manifest with its content; false if a part is missing, which is added to the problems.
     *
     * <p>An index is exported with the images that are cached. Its bytes stay as they are, so it also lists the missing
     * ones.
     */
    private boolean include(Repository repository, Digest digest) {
        Map<Digest, Manifest> complete = new HashMap<>();
        find(repository, digest)
                .map(root -> ImageContents.of(digest, root, this::entries, child -> find(repository, child)))
                .ifPresent(cached -> cached.manifests().forEach((each, manifest) -> {
                    if (isComplete(new ImageReference(repository, each), manifest, complete.keySet())) {
                        complete.put(each, manifest);
                    }
                }));
        Manifest root = complete.get(digest);
        if (root == null) {
            return false;
        }
        ImageContents contents =
                ImageContents.of(digest, root, this::entries, child -> Optional.ofNullable(complete.get(child)));
        contents.manifests().forEach((each, manifest) -> {
            manifests.put(each, manifest.digest());
            ImageReference name = new ImageReference(repository, each);
            if (included.add(name)) {
                unexplored.add(name);
            }
        });
        contents.blobs(Manifest::distributableBlobs)
                .forEach(blob -> blobs.put(
                        blob.digest(),
                        store.size(blob.digest()).orElse(blob.size().orElse(0))));
        return true;
    }

    private List<Descriptor> entries(Manifest index) {
        return request.platforms().equals(Platforms.ALL)
                ? index.children()
                : request.platforms().choose(index.children()).chosen();
    }

    /** Returns true if a manifest can be exported; {@code complete} has those of its images that can. */
    private boolean isComplete(ImageReference name, Manifest manifest, Set<Digest> complete) {
        Optional<Descriptor> missing = manifest.distributableBlobs().stream()
                .filter(blob -> !request.have().contains(blob.digest()) && !store.mayContain(blob))
                .findFirst();
        if (missing.isPresent()) {
            // The blobs of attestations are normally not cached, because clients do not fetch them.
            return !manifest.isAttestation()
                    && skip(name, "blob " + missing.get().digest() + " is not cached");
        }
        if (manifest.children().isEmpty()) {
            return true;
        }
        List<Descriptor> wanted =
                request.platforms().choose(manifest.children()).chosen();
        long cached = wanted.stream()
                .filter(child -> complete.contains(child.digest()))
                .count();
        if (cached == 0) {
            return skip(name, "none of its images for " + request.platforms() + " is completely cached");
        }
        return !request.completeOnly()
                || cached == wanted.size()
                || skip(name, "only " + cached + " of its " + wanted.size() + " images are completely cached");
    }

    /** Reports why a name is left out; returns false. */
    private boolean skip(ImageReference name, String reason) {
        problems.add(name + ": " + reason);
        return false;
    }

    /** Adds the referrers of exported manifests, by subject or by a tag with the digest in it, and their referrers. */
    private void addReferrers() {
        Map<Repository, Set<Tag>> tags = new HashMap<>();
        for (ImageReference name = unexplored.poll(); name != null; name = unexplored.poll()) {
            Repository repository = name.repository();
            Digest digest = (Digest) name.reference();
            for (Digest referrer : catalog.referrers(repository, digest)) {
                addReferrer(repository, referrer, Optional.empty());
            }
            String prefix = digest.algorithm() + "-" + digest.hex();
            for (Tag tag : tags.computeIfAbsent(repository, catalog::tags)) {
                if (tag.value().startsWith(prefix)) {
                    catalog.find(new ImageReference(repository, tag))
                            .ifPresent(found -> addReferrer(repository, found, Optional.of(tag)));
                }
            }
        }
    }

    private void addReferrer(Repository repository, Digest manifest, Optional<Tag> tag) {
        boolean isKnown = tag.isEmpty() && included.contains(new ImageReference(repository, manifest));
        if (!isKnown && include(repository, manifest)) {
            SortedSet<ImageReference> names = listedNames(manifest);
            tag.ifPresent(known -> names.add(new ImageReference(repository, known)));
        }
    }
}
