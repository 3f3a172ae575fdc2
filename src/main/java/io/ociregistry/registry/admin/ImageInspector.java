package io.ociregistry.registry.admin;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageConfig;
import io.ociregistry.oci.ImageContents;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Platform;
import io.ociregistry.store.BlobStore;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.ManifestStore;
import io.ociregistry.store.RecordedReference;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Finds out which blobs of an image are cached. */
final class ImageInspector {
    private final ManifestStore records;
    private final BlobStore blobs;

    ImageInspector(ManifestStore records, BlobStore blobs) {
        this.records = records;
        this.blobs = blobs;
    }

    /** Returns the manifests of an image that are cached. */
    ImageContents contents(Manifest root) {
        return ImageContents.of(root.digest(), root, Manifest::children, this::manifest);
    }

    /** Describes the image of a name; empty if its manifest was removed in the meantime. */
    Optional<CachedImage> inspect(ImageReference name, Digest manifest) {
        return records.record(manifest).map(record -> inspect(name, record));
    }

    private CachedImage inspect(ImageReference name, ManifestRecord record) {
        Manifest manifest = record.manifest();
        ImageContents contents = contents(manifest);
        Collection<Descriptor> content = contents.blobs(Manifest::blobs);
        Optional<RecordedReference> recorded = recorded(name, record);
        return new CachedImage(
                name.toString(),
                name.repository().toString(),
                name.reference().toString(),
                manifest.digest().toString(),
                type(manifest),
                manifest.mediaType().toString(),
                platforms(manifest, contents),
                content.stream().mapToLong(this::size).sum(),
                content.stream().filter(blobs::mayContain).mapToLong(this::size).sum(),
                isComplete(contents, manifest.digest()),
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

    private Optional<Manifest> manifest(Digest digest) {
        return records.record(digest).map(ManifestRecord::manifest);
    }

    private long size(Descriptor blob) {
        return blob.size().orElseGet(() -> blobs.size(blob.digest()).orElse(0));
    }

    private boolean isComplete(ImageContents contents, Digest root) {
        Set<Digest> complete = new HashSet<>();
        Set<Digest> runnable = new HashSet<>();
        contents.manifests().forEach((digest, manifest) -> {
            boolean hasImage = manifest.children().isEmpty()
                    || manifest.children().stream().anyMatch(child -> runnable.contains(child.digest()));
            if (hasImage && manifest.distributableBlobs().stream().allMatch(blobs::mayContain)) {
                complete.add(digest);
                if (!manifest.isAttestation()) {
                    runnable.add(digest);
                }
            }
        });
        return complete.contains(root);
    }

    private List<String> platforms(Manifest manifest, ImageContents contents) {
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
                .filter(child -> contents.manifests().containsKey(child.digest()))
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
