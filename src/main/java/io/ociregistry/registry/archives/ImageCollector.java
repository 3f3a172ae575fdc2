package io.ociregistry.registry.archives;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageConfig;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Platform;
import io.ociregistry.oci.Platforms;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.manifest.ManifestStore;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Collects the content of an exported image, and finds out whether it is complete.
 *
 * <p>An index is exported with the images that are cached. Its bytes stay as they are, so it also lists the missing
 * ones.
 */
final class ImageCollector {
    private static final int MAX_DEPTH = 8;

    private final ContentIndex catalog;
    private final ManifestStore records;
    private final BlobStore blobs;
    private final ExportRequest request;
    private final Collection<String> problems = new TreeSet<>();

    ImageCollector(ContentIndex catalog, ManifestStore records, BlobStore blobs, ExportRequest request) {
        this.catalog = catalog;
        this.records = records;
        this.blobs = blobs;
        this.request = request;
    }

    /** The content that can't be exported, with the reasons. */
    List<String> problems() {
        return List.copyOf(problems);
    }

    Optional<Manifest> find(Repository repository, Digest digest) {
        return catalog.find(new ImageReference(repository, digest)).flatMap(records::find);
    }

    /** Returns the content of a name as {@link #collect} does; empty also if it is an image for another platform. */
    Optional<ImageContents> collectRoot(ImageReference name, Digest digest) {
        Optional<Platform> other = find(name.repository(), digest)
                .flatMap(Manifest::config)
                .filter(config -> !request.platforms().equals(Platforms.ALL))
                .flatMap(config -> blobs.read(config.digest(), ImageConfig.MAX_BYTES))
                .flatMap(ImageConfig::platform)
                .filter(platform -> !request.platforms().includes(platform));
        return other.isPresent()
                ? skip(name, "it is an image for " + other.get() + ", not for " + request.platforms())
                : collect(name.repository(), digest);
    }

    /** Returns a manifest with its content; empty if a part is missing, which is added to the problems. */
    Optional<ImageContents> collect(Repository repository, Digest digest) {
        return collect(repository, digest, 0);
    }

    private Optional<ImageContents> collect(Repository repository, Digest digest, int depth) {
        Optional<Manifest> found = depth > MAX_DEPTH ? Optional.empty() : find(repository, digest);
        return found.flatMap(manifest -> collect(repository, digest, manifest, depth));
    }

    private Optional<ImageContents> collect(Repository repository, Digest digest, Manifest manifest, int depth) {
        ImageReference name = new ImageReference(repository, digest);
        ImageContents part = ImageContents.empty();
        part.manifests().put(digest, manifest.digest());
        part.included().add(name);
        List<Descriptor> needed = manifest.distributableBlobs();
        Optional<Descriptor> missing =
                needed.stream().filter(blob -> !isAvailable(blob)).findFirst();
        if (missing.isPresent()) {
            // The blobs of attestations are normally not cached, because clients do not fetch them.
            return manifest.isAttestation()
                    ? Optional.empty()
                    : skip(name, "blob " + missing.get().digest() + " is not cached");
        }
        needed.forEach(blob -> part.blobs()
                .put(blob.digest(), blobs.size(blob.digest()).orElse(blob.size().orElse(0))));
        return manifest.children().isEmpty() ? Optional.of(part) : withImages(name, part, manifest, depth);
    }

    private Optional<ImageContents> withImages(ImageReference name, ImageContents part, Manifest index, int depth) {
        List<Descriptor> wanted = request.platforms().choose(index.children()).chosen();
        List<Descriptor> others =
                new ArrayList<>(request.platforms().equals(Platforms.ALL) ? index.children() : wanted);
        others.removeAll(wanted);
        int complete = 0;
        for (Descriptor child : wanted) {
            Optional<ImageContents> image = collect(name.repository(), child.digest(), depth + 1);
            image.ifPresent(part::add);
            complete += image.isPresent() ? 1 : 0;
        }
        if (complete == 0) {
            return skip(name, "none of its images for " + request.platforms() + " is completely cached");
        }
        if (request.completeOnly() && complete < wanted.size()) {
            return skip(name, "only " + complete + " of its " + wanted.size() + " images are completely cached");
        }
        for (Descriptor other : others) {
            collect(name.repository(), other.digest(), depth + 1).ifPresent(part::add);
        }
        return Optional.of(part);
    }

    private Optional<ImageContents> skip(ImageReference name, String reason) {
        problems.add(name + ": " + reason);
        return Optional.empty();
    }

    private boolean isAvailable(Descriptor blob) {
        return request.have().contains(blob.digest()) || blobs.mayContain(blob.digest(), blob.size());
    }
}
