package io.ociregistry.registry.admin;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageContents;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.index.ImageNames;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.store.BlobStore;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.ManifestStore;
import io.ociregistry.store.Store;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Lists the images and blobs of a cache, for the command {@code list} and for a running server.
 *
 * <p>Sends no request to an upstream. The only writes are those of the quarantine: in a writable store, files that are
 * found corrupt are moved there. Names come from memory. All other data is read from the disk when a stream reaches it,
 * so that a large cache is listed in little memory.
 */
public final class CacheContents {
    private final ContentIndex index;
    private final ManifestStore records;
    private final BlobStore blobs;
    private final ImageInspector inspector;

    public CacheContents(ContentIndex index, ManifestStore records, BlobStore blobs) {
        this.index = index;
        this.records = records;
        this.blobs = blobs;
        this.inspector = new ImageInspector(records, blobs);
    }

    /** Reads the contents of an open store as they are now; later changes are not seen. */
    public static CacheContents of(Store store) {
        return new CacheContents(ContentIndex.of(store.manifests()), store.manifests(), store.blobs());
    }

    /** Counts the names, manifests and blobs known now. */
    ServerStatus.Counts counts(boolean isComplete) {
        Map<ImageReference, Digest> all = index.names();
        int manifests = (int) all.values().stream().distinct().count();
        return new ServerStatus.Counts(all.size(), manifests, blobs.digests().size(), isComplete);
    }

    /** Returns the images whose names match, sorted by name. */
    public Stream<CachedImage> images(ReferencePatterns patterns) {
        return index.names().entrySet().stream()
                .filter(entry -> patterns.matches(entry.getKey()))
                .sorted(Comparator.comparing(entry -> entry.getKey().toString()))
                .flatMap(entry -> inspector.inspect(entry.getKey(), entry.getValue()).stream());
    }

    /** Returns the images, without indexes, that have a blob whose digest contains the text, sorted by name. */
    public Stream<CachedImage> imagesContaining(String partOfDigest) {
        return images(ReferencePatterns.ALL)
                .filter(image -> image.blobs().stream().anyMatch(blob -> blob.contains(partOfDigest)));
    }

    /** Returns names of a registry's images that have a blob. */
    List<String> imagesWith(Digest blob, RegistryName registry) {
        return new ImageNames(index, records).of(blob, registry);
    }

    /** Returns the blobs whose digests contain the text, sorted by digest. */
    public Stream<CachedBlob> blobs(String partOfDigest) {
        Map<Digest, Integer> references = new HashMap<>();
        records.forEach(record -> record.manifest().blobs().stream()
                .map(Descriptor::digest)
                .distinct()
                .forEach(blob -> references.merge(blob, 1, Integer::sum)));
        return blobs.digests().stream()
                .filter(blob -> blob.toString().contains(partOfDigest))
                .sorted()
                .map(blob -> new CachedBlob(
                        blob.toString(),
                        references.getOrDefault(blob, 0),
                        blobs.size(blob).orElse(0)));
    }

    /**
     * Returns the digests of the cached manifests and blobs of the images whose names match, sorted.
     *
     * <p>A blob counts as cached if it was verified or if its file has the size that a manifest says. If all names
     * match, verified blobs that no manifest names are included.
     */
    public Set<Digest> digests(ReferencePatterns patterns) {
        Set<Digest> cached = new TreeSet<>();
        index.names().forEach((name, digest) -> {
            if (patterns.matches(name)) {
                records.record(digest).map(ManifestRecord::manifest).ifPresent(manifest -> addAll(manifest, cached));
            }
        });
        if (patterns.isAll()) {
            records.forEach(record -> addAll(record.manifest(), cached));
            blobs.digests().stream().filter(blobs::isVerified).forEach(cached::add);
        }
        return cached;
    }

    private void addAll(Manifest root, Set<Digest> cached) {
        if (!cached.contains(root.digest())) {
            ImageContents contents = inspector.contents(root);
            contents.manifests().values().forEach(manifest -> cached.add(manifest.digest()));
            contents.blobs(Manifest::blobs).stream()
                    .filter(blobs::mayContain)
                    .forEach(blob -> cached.add(blob.digest()));
        }
    }
}
