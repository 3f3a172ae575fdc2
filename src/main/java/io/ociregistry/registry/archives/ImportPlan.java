package io.ociregistry.registry.archives;

import io.ociregistry.archive.ImageArchive;
import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageContents;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Platforms;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.index.PrunePins;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Determines the content of the images of an archive.
 *
 * <p>An index is imported with those of its selected images that the archive has, or that it lists as left out because
 * the target has them. Other images are skipped, as if only some platforms had been pulled.
 */
final class ImportPlan {
    private final ImageArchive archive;
    private final CacheImporter cache;
    private final PrunePins pins;
    private final Platforms platforms;

    ImportPlan(ImageArchive archive, CacheImporter cache, PrunePins pins, Platforms platforms) {
        this.archive = archive;
        this.cache = cache;
        this.pins = pins;
        this.platforms = platforms;
    }

    /**
     * An image to be imported.
     *
     * @param digest the digest of its root manifest, as the archive names it
     * @param missing required content that neither the archive nor the cache has; empty if the image is complete
     */
    record Image(Set<ImageReference> names, Digest digest, ImageContents contents, List<String> missing) {
        String name() {
            return names.iterator().next().toString();
        }

        Set<Repository> repositories() {
            return names.stream().map(ImageReference::repository).collect(Collectors.toSet());
        }

        Collection<Descriptor> blobs() {
            return contents.blobs(Manifest::distributableBlobs);
        }
    }

    /** Pins all blobs of an image, also those that the archive has, because cached blobs are not read from it. */
    Image image(Digest digest, Set<ImageReference> names) {
        Optional<Manifest> root = find(digest);
        if (root.isEmpty()) {
            return new Image(names, digest, new ImageContents(Map.of()), List.of("manifest " + digest));
        }
        List<String> missing = new ArrayList<>();
        for (ImageReference name : names) {
            if (name.reference() instanceof Digest named && !root.get().hasDigest(named)) {
                missing.add("the manifest that " + name + " names: the archive has " + digest + " under this name");
            }
        }
        ImageContents contents = ImageContents.of(digest, root.get(), this::wanted, this::findChild);
        contents.blobs(Manifest::blobs).forEach(blob -> pins.pin(blob.digest()));
        contents.blobs(Manifest::distributableBlobs).stream()
                .filter(blob -> !isAvailable(blob))
                .forEach(blob -> missing.add("blob " + blob.digest()));
        contents.manifests().values().forEach(manifest -> addMissingChildren(manifest, missing));
        return new Image(names, digest, contents, missing);
    }

    private Optional<Manifest> find(Digest digest) {
        return archive.manifest(digest).or(() -> cache.manifest(digest));
    }

    /** Skips an attestation without all its blobs, because no client needs it to run the image. */
    private Optional<Manifest> findChild(Digest digest) {
        Optional<Manifest> found = isLeftOut(digest) ? find(digest) : archive.manifest(digest);
        return found.filter(manifest ->
                !manifest.isAttestation() || manifest.blobs().stream().allMatch(this::isAvailable));
    }

    private boolean isLeftOut(Digest digest) {
        return archive.leftOut().contains(digest);
    }

    private boolean isAvailable(Descriptor blob) {
        return archive.has(blob) || cache.has(blob);
    }

    private List<Descriptor> wanted(Manifest index) {
        return platforms.equals(Platforms.ALL)
                ? index.children()
                : platforms.choose(index.children()).chosen();
    }

    private void addMissingChildren(Manifest index, List<String> missing) {
        boolean hasImage = index.children().isEmpty();
        for (Descriptor child : wanted(index)) {
            boolean isLeftOut = isLeftOut(child.digest());
            hasImage |= isLeftOut || archive.manifest(child.digest()).isPresent();
            if (isLeftOut && find(child.digest()).isEmpty()) {
                missing.add("manifest " + child.digest());
            }
        }
        if (!hasImage) {
            missing.add(
                    platforms.equals(Platforms.ALL)
                            ? "any image that its index lists"
                            : "an image for " + platforms + "; choose others with --platform");
        }
    }
}
