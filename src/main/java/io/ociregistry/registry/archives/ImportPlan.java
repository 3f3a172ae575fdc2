package io.ociregistry.registry.archives;

import io.ociregistry.archive.ImageArchive;
import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Platforms;
import io.ociregistry.registry.index.PrunePins;
import io.ociregistry.registry.load.ImportedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Determines the content of one image of an archive.
 *
 * <p>An index is imported with those of its selected images that the archive has, or that it lists as left out because
 * the target has them. Other images are skipped, as if only some platforms had been pulled.
 */
final class ImportPlan {
    private final ImageArchive archive;
    private final CacheImporter cache;
    private final PrunePins pins;
    private final Platforms platforms;
    private final Map<Digest, Manifest> manifests = new LinkedHashMap<>();
    private final List<String> missing = new ArrayList<>();

    private ImportPlan(ImageArchive archive, CacheImporter cache, PrunePins pins, Platforms platforms) {
        this.archive = archive;
        this.cache = cache;
        this.pins = pins;
        this.platforms = platforms;
    }

    /** Pins all its blobs, also those that the archive has, because cached blobs are not read from the archive. */
    static ImportedImage of(
            ImageArchive archive,
            CacheImporter cache,
            PrunePins pins,
            Platforms platforms,
            Digest root,
            Set<ImageReference> names) {
        ImportPlan plan = new ImportPlan(archive, cache, pins, platforms);
        plan.find(root).ifPresentOrElse(manifest -> plan.addRoot(root, manifest, names), () -> plan.addMissing(root));
        return new ImportedImage(names, root, plan.manifests, plan.missing);
    }

    private Optional<Manifest> find(Digest digest) {
        return archive.manifest(digest).or(() -> cache.manifest(digest));
    }

    private void addMissing(Digest manifest) {
        missing.add("manifest " + manifest);
    }

    private void addRoot(Digest root, Manifest manifest, Set<ImageReference> names) {
        for (ImageReference name : names) {
            if (name.reference() instanceof Digest digest && !manifest.hasDigest(digest)) {
                missing.add("the manifest that " + name + " names: the archive has " + root + " under this name");
            }
        }
        add(root, manifest);
    }

    private void add(Digest digest, Manifest manifest) {
        manifest.blobs().forEach(blob -> pins.pin(blob.digest()));
        manifest.distributableBlobs().stream()
                .filter(blob -> !isAvailable(blob))
                .forEach(blob -> missing.add("blob " + blob.digest()));
        addChildren(manifest);
        manifests.put(digest, manifest);
    }

    private boolean isAvailable(Descriptor blob) {
        return archive.has(blob) || cache.has(blob);
    }

    private void addChildren(Manifest index) {
        boolean hasImage = index.children().isEmpty();
        for (Descriptor child : wanted(index)) {
            boolean isLeftOut = archive.leftOut().contains(child.digest());
            Optional<Manifest> found = isLeftOut ? find(child.digest()) : archive.manifest(child.digest());
            hasImage |= isLeftOut || found.isPresent();
            if (found.isPresent() && !isPartialAttestation(found.get())) {
                add(child.digest(), found.get());
            } else if (isLeftOut && found.isEmpty()) {
                addMissing(child.digest());
            }
        }
        if (!hasImage) {
            missing.add(
                    platforms.equals(Platforms.ALL)
                            ? "any image that its index lists"
                            : "an image for " + platforms + "; choose others with --platform");
        }
    }

    private List<Descriptor> wanted(Manifest index) {
        return platforms.equals(Platforms.ALL)
                ? index.children()
                : platforms.choose(index.children()).chosen();
    }

    /** An attestation without all its blobs is skipped, because no client needs it to run the image. */
    private boolean isPartialAttestation(Manifest manifest) {
        return manifest.isAttestation() && !manifest.blobs().stream().allMatch(this::isAvailable);
    }
}
