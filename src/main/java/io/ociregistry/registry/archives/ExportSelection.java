package io.ociregistry.registry.archives;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.index.ContentIndex;
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
 * Selects the content of an export: every requested name whose content is complete, with its referrers, such as
 * signatures.
 *
 * <p>A manifest without a tag is not listed by its digest if a requested index lists it, for any platform, or if its
 * subject is such a manifest. Used by one thread.
 */
final class ExportSelection {
    private final ContentIndex catalog;
    private final ManifestStore records;
    private final ExportRequest request;
    private final ImageCollector collector;
    private final ImageContents contents = ImageContents.empty();
    /** The listed names, by the SHA-256 digests of their manifests; referrers without a tag have no name. */
    private final Map<Digest, SortedSet<ImageReference>> listed = new HashMap<>();

    /** The children of all requested indexes, for all platforms. */
    private final Set<ImageReference> children = new TreeSet<>(ImageContents.BY_NAME);

    private final Deque<ImageReference> unexplored = new ArrayDeque<>();

    ExportSelection(ContentIndex catalog, ManifestStore records, BlobStore blobs, ExportRequest request) {
        this.catalog = catalog;
        this.records = records;
        this.request = request;
        this.collector = new ImageCollector(catalog, records, blobs, request);
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

    ImageContents contents() {
        return contents;
    }

    Map<Digest, SortedSet<ImageReference>> listed() {
        return listed;
    }

    List<String> problems() {
        return collector.problems();
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
        collector.collectRoot(name, manifest).ifPresent(part -> {
            include(part);
            listed.computeIfAbsent(manifest, unused -> new TreeSet<>(ImageContents.BY_NAME))
                    .add(name);
        });
    }

    private void addChildren(Repository repository, Digest index) {
        collector.find(repository, index).stream()
                .flatMap(manifest -> manifest.children().stream())
                .filter(child -> children.add(new ImageReference(repository, child.digest())))
                .forEach(child -> addChildren(repository, child.digest()));
    }

    private boolean isReached(ImageReference name) {
        return children.contains(name) || contents.included().contains(name);
    }

    private boolean hasReachedSubject(Repository repository, Digest manifest) {
        return records.find(manifest)
                .flatMap(Manifest::subject)
                .filter(subject -> isReached(new ImageReference(repository, subject.digest())))
                .isPresent();
    }

    private void include(ImageContents part) {
        part.included().stream()
                .filter(name -> !contents.included().contains(name))
                .forEach(unexplored::add);
        contents.add(part);
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
        if (tag.isEmpty() && contents.included().contains(new ImageReference(repository, manifest))) {
            return;
        }
        collector.collect(repository, manifest).ifPresent(part -> {
            include(part);
            SortedSet<ImageReference> names =
                    listed.computeIfAbsent(manifest, unused -> new TreeSet<>(ImageContents.BY_NAME));
            tag.ifPresent(known -> names.add(new ImageReference(repository, known)));
        });
    }
}
