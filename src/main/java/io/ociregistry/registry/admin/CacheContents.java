package io.ociregistry.registry.admin;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.registry.catalog.ContentIndex;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.disk.StoreAccess;
import io.ociregistry.store.manifest.ManifestStore;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What is in a cache, as an operator asks: the one answer for the command {@code list} and for the running server.
 *
 * <p>Asks nobody and writes nothing but, in a store that it may write to, what is found to be broken into its quarantine. Names come from memory,
 * everything else is looked up on the disk when a stream gets there, so that much can be listed in little memory.
 */
public final class CacheContents {
    private final Supplier<Map<ImageReference, Digest>> names;
    private final ManifestStore records;
    private final BlobStore blobs;
    private final ImageInspector look;

    public CacheContents(ContentIndex catalog, ManifestStore records, BlobStore blobs) {
        this.names = catalog::names;
        this.records = records;
        this.blobs = blobs;
        this.look = new ImageInspector(records, blobs);
    }

    /** Those of a store that is open, as they are now. */
    public static CacheContents of(StoreAccess access, ServerConfig config) {
        ManifestStore records = new ManifestStore(access.layout(), config.maxManifestBytes());
        return new CacheContents(ContentIndex.of(records), records, new BlobStore(access.layout(), Duration.ZERO));
    }

    /** How much there is, which may be more if not all is known yet. */
    ServerStatus.Counts counts(boolean isComplete) {
        Map<ImageReference, Digest> all = names.get();
        int manifests = (int) all.values().stream().distinct().count();
        return new ServerStatus.Counts(all.size(), manifests, blobs.digests().size(), isComplete);
    }

    /** The images whose names match, sorted by name. */
    public Stream<CachedImage> images(ReferencePatterns patterns) {
        return names.get().entrySet().stream()
                .filter(entry -> patterns.matches(entry.getKey()))
                .sorted(Comparator.comparing(entry -> entry.getKey().toString()))
                .flatMap(entry -> look.at(entry.getKey(), entry.getValue()).stream());
    }

    /** The images, but no indexes, of which a blob has a digest with that in it, sorted by name. */
    public Stream<CachedImage> imagesWith(String partOfDigest) {
        return images(ReferencePatterns.ALL)
                .filter(image -> image.blobs().stream().anyMatch(blob -> blob.contains(partOfDigest)));
    }

    /** The blobs whose digests have that in them, sorted. */
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
     * What is here of the images whose names match, sorted: manifests, and blobs that were verified or have the size that a manifest says. For
     * every name, blobs that no manifest names are among them too.
     */
    public Set<Digest> digests(ReferencePatterns patterns) {
        Set<Digest> here = new TreeSet<>();
        names.get().forEach((name, digest) -> {
            if (patterns.matches(name)) {
                records.record(digest).map(ManifestRecord::manifest).ifPresent(found -> addAll(found, here));
            }
        });
        if (patterns.isAll()) {
            records.forEach(record -> addAll(record.manifest(), here));
            blobs.digests().stream().filter(blobs::isVerified).forEach(here::add);
        }
        return here;
    }

    private void addAll(Manifest root, Set<Digest> here) {
        Deque<Manifest> left = new ArrayDeque<>(List.of(root));
        while (!left.isEmpty()) {
            Manifest manifest = left.remove();
            if (here.add(manifest.digest())) {
                manifest.blobs().stream()
                        .filter(this::isHere)
                        .map(Descriptor::digest)
                        .forEach(here::add);
                manifest.children().stream()
                        .flatMap(child -> records.record(child.digest()).stream())
                        .forEach(child -> left.add(child.manifest()));
            }
        }
    }

    private boolean isHere(Descriptor blob) {
        return blobs.mayHave(blob.digest(), blob.size() < 0 ? OptionalLong.empty() : OptionalLong.of(blob.size()));
    }
}
