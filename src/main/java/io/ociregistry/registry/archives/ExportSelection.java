package io.ociregistry.registry.archives;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.catalog.ContentIndex;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.manifest.ManifestStore;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Chooses what an export consists of: every name that is asked for and of which all is here, with what refers to it, like signatures.
 *
 * <p>A manifest that has only a digest is not listed by itself where something that is exported leads to it, or would, were it of a wanted
 * platform.
 */
final class ExportSelection {
    private final ContentIndex catalog;
    private final ManifestStore records;
    private final ExportRequest request;
    private final ImageCollector look;
    private final ImageContents all = ImageContents.empty();
    /** By the SHA-256 digests of their manifests; what only refers to something has no names. */
    private final Map<Digest, SortedSet<ImageReference>> listed = new HashMap<>();

    /** What indexes that are asked for list, for all platforms. */
    private final Set<ImageReference> led = new TreeSet<>(ImageContents.BY_NAME);

    private final Deque<ImageReference> unexplored = new ArrayDeque<>();

    ExportSelection(ContentIndex catalog, ManifestStore records, BlobStore blobs, ExportRequest request) {
        this.catalog = catalog;
        this.records = records;
        this.request = request;
        this.look = new ImageCollector(catalog, records, blobs, request);
    }

    /** Looks through the cache, and notes in {@link #problems} what has to be left out. */
    void choose() {
        catalog.names().entrySet().stream()
                .filter(each -> request.patterns().matches(each.getKey()) && isRecent(each.getKey(), each.getValue()))
                .map(each -> candidate(each.getKey(), each.getValue()))
                .sorted(Comparator.comparing(Candidate::rank))
                .forEach(each -> addRoot(each.name(), each.manifest()));
        addReferrers();
    }

    ImageContents all() {
        return all;
    }

    Map<Digest, SortedSet<ImageReference>> listed() {
        return listed;
    }

    List<String> problems() {
        return look.problems();
    }

    /** Tags before digests, and of these indexes first: what they lead to need not be listed. */
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
                        .flatMap(record -> noted(record, name).stream())
                        .anyMatch(
                                reference -> isSince(reference, request.since().get()));
    }

    private static List<RecordedReference> noted(ManifestRecord record, ImageReference name) {
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
        if (!isTag && (isLedTo(name) || refersToOneLedTo(repository, manifest))) {
            return;
        }
        lead(repository, manifest);
        look.part(repository, manifest).ifPresent(part -> {
            include(part);
            listed.computeIfAbsent(manifest, unused -> new TreeSet<>(ImageContents.BY_NAME))
                    .add(name);
        });
    }

    private void lead(Repository repository, Digest index) {
        look.find(repository, index).stream()
                .flatMap(manifest -> manifest.children().stream())
                .filter(child -> led.add(new ImageReference(repository, child.digest())))
                .forEach(child -> lead(repository, child.digest()));
    }

    private boolean isLedTo(ImageReference name) {
        return led.contains(name) || all.included().contains(name);
    }

    private boolean refersToOneLedTo(Repository repository, Digest manifest) {
        return records.find(manifest)
                .flatMap(Manifest::subject)
                .filter(subject -> isLedTo(new ImageReference(repository, subject.digest())))
                .isPresent();
    }

    private void include(ImageContents part) {
        part.included().stream().filter(name -> !all.included().contains(name)).forEach(unexplored::add);
        all.add(part);
    }

    /** What refers to what is exported, by its subject or by a tag that has the digest in it, and what refers to that. */
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
        if (tag.isEmpty() && all.included().contains(new ImageReference(repository, manifest))) {
            return;
        }
        look.part(repository, manifest).ifPresent(part -> {
            include(part);
            SortedSet<ImageReference> names =
                    listed.computeIfAbsent(manifest, unused -> new TreeSet<>(ImageContents.BY_NAME));
            tag.ifPresent(known -> names.add(new ImageReference(repository, known)));
        });
    }
}
