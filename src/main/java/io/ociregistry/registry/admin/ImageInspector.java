package io.ociregistry.registry.admin;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageConfig;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Platform;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.manifest.ManifestStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds out which blobs of an image are cached. */
final class ImageInspector {
    /** The maximum nesting of indexes, far more than images have; deeper manifests count as absent. */
    private static final int MAX_DEPTH = 4;

    private final ManifestStore records;
    private final BlobStore blobs;

    ImageInspector(ManifestStore records, BlobStore blobs) {
        this.records = records;
        this.blobs = blobs;
    }

    /** Describes the image of a name; empty if its manifest was removed in the meantime. */
    Optional<CachedImage> inspect(ImageReference name, Digest manifest) {
        return records.record(manifest).map(record -> inspect(name, record));
    }

    private CachedImage inspect(ImageReference name, ManifestRecord record) {
        Manifest manifest = record.manifest();
        Collection<Descriptor> content = contentOf(manifest, 0).values();
        Optional<RecordedReference> recorded = recorded(name, record);
        return new CachedImage(
                name.toString(),
                name.repository().toString(),
                name.reference().toString(),
                manifest.digest().toString(),
                type(manifest),
                manifest.mediaType().toString(),
                platforms(manifest),
                content.stream().mapToLong(this::size).sum(),
                content.stream().filter(this::isCached).mapToLong(this::size).sum(),
                isComplete(manifest, 0),
                recorded.map(RecordedReference::created)
                        .flatMap(ImageInspector::utc)
                        .orElse(null),
                recorded.map(RecordedReference::pulled)
                        .flatMap(ImageInspector::utc)
                        .orElse(null),
                blobsOf(manifest));
    }

    private static String type(Manifest manifest) {
        if (!manifest.children().isEmpty() || manifest.mediaType().isIndex()) {
            return CachedImage.LIST;
        }
        return manifest.blobs().isEmpty() ? "other" : "image";
    }

    /** The recorded times of a name; if the manifest lost this name, those of another name in the repository. */
    private static Optional<RecordedReference> recorded(ImageReference name, ManifestRecord record) {
        return record.references().stream()
                .filter(reference -> reference.name().equals(name))
                .findFirst()
                .or(() -> record.references().stream()
                        .filter(reference -> reference.name().repository().equals(name.repository()))
                        .findFirst());
    }

    private static Optional<String> utc(Instant time) {
        return Optional.of(time).filter(known -> !known.equals(Instant.EPOCH)).map(Instant::toString);
    }

    /** The blobs of an image, or of the cached images of an index, each once. */
    private Map<Digest, Descriptor> contentOf(Manifest manifest, int depth) {
        Map<Digest, Descriptor> content = new LinkedHashMap<>();
        manifest.blobs().forEach(blob -> content.putIfAbsent(blob.digest(), blob));
        children(manifest, depth).forEach(child -> content.putAll(contentOf(child, depth + 1)));
        return content;
    }

    private Stream<Manifest> children(Manifest manifest, int depth) {
        return depth > MAX_DEPTH
                ? Stream.empty()
                : manifest.children().stream().flatMap(child -> manifest(child).stream());
    }

    private Optional<Manifest> manifest(Descriptor child) {
        return records.record(child.digest()).map(ManifestRecord::manifest);
    }

    private long size(Descriptor blob) {
        return blob.size().orElseGet(() -> blobs.size(blob.digest()).orElse(0));
    }

    private boolean isCached(Descriptor blob) {
        return blobs.mayContain(blob.digest(), blob.size());
    }

    private boolean isComplete(Manifest manifest, int depth) {
        boolean hasBlobs = manifest.distributableBlobs().stream().allMatch(this::isCached);
        return hasBlobs
                && (manifest.children().isEmpty()
                        || children(manifest, depth)
                                .filter(child -> !child.isAttestation())
                                .anyMatch(child -> isComplete(child, depth + 1)));
    }

    private List<String> platforms(Manifest manifest) {
        if (manifest.children().isEmpty()) {
            return manifest
                    .config()
                    .flatMap(config -> blobs.read(config.digest(), ImageConfig.MAX_BYTES))
                    .flatMap(ImageConfig::platform)
                    .map(Platform::toString)
                    .stream()
                    .toList();
        }
        return manifest.children().stream()
                .filter(child -> manifest(child).isPresent())
                .flatMap(child -> child.platform().stream())
                .map(Platform::toString)
                .filter(platform -> !platform.startsWith("unknown/"))
                .distinct()
                .toList();
    }

    /** Layers first and the config last, as the Go implementation lists them. */
    private static List<String> blobsOf(Manifest manifest) {
        List<Descriptor> ordered = new ArrayList<>(manifest.blobs());
        manifest.config().ifPresent(config -> {
            ordered.remove(config);
            ordered.add(config);
        });
        return ordered.stream().map(Descriptor::digest).map(Digest::toString).toList();
    }
}
