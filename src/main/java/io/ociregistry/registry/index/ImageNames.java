package io.ociregistry.registry.index;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Tag;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.ManifestStore;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Finds the names of the cached images that have a digest, for people who read the log or the status. Thread-safe. */
public final class ImageNames {
    /** Limit of the images that are named for one digest. */
    private static final int LIMIT = 3;

    private final ContentIndex index;
    private final ManifestStore records;

    public ImageNames(ContentIndex index, ManifestStore records) {
        this.index = index;
        this.records = records;
    }

    /** Returns names of a registry's images with a blob, cached or not: tags, or digests if there are no tags. */
    public List<String> of(Digest blob, RegistryName registry) {
        return names(blob, name -> name.repository().registry().equals(registry));
    }

    /** Returns names of the images with a blob or manifest: tags, or digests if there are no tags. */
    public List<String> of(Digest digest) {
        return names(digest, name -> true);
    }

    private List<String> names(Digest digest, Predicate<ImageReference> filter) {
        Map<ImageReference, Digest> candidates = new TreeMap<>(Comparator.comparing(ImageReference::toString));
        index.names().forEach((name, manifest) -> {
            if (filter.test(name) && (manifest.equals(digest) || index.isBlob(name.repository(), digest))) {
                candidates.put(name, manifest);
            }
        });
        List<String> tags = names(digest, candidates, name -> name.reference() instanceof Tag);
        return tags.isEmpty() ? names(digest, candidates, name -> true) : tags;
    }

    private List<String> names(
            Digest digest, Map<ImageReference, Digest> candidates, Predicate<ImageReference> filter) {
        return candidates.entrySet().stream()
                .filter(candidate -> filter.test(candidate.getKey()))
                .filter(candidate -> candidate.getValue().equals(digest)
                        || manifests(candidate.getValue())
                                .flatMap(manifest -> manifest.blobs().stream())
                                .anyMatch(blob -> blob.digest().equals(digest)))
                .limit(LIMIT)
                .map(candidate -> candidate.getKey().toString())
                .toList();
    }

    /** Returns the cached manifest with its cached children. */
    private Stream<Manifest> manifests(Digest root) {
        return records.record(root).map(ManifestRecord::manifest).stream()
                .flatMap(manifest -> Stream.concat(
                        Stream.of(manifest),
                        manifest.children().stream()
                                .flatMap(child -> records.record(child.digest()).stream())
                                .map(ManifestRecord::manifest)));
    }
}
