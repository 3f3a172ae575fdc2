package io.ociregistry.registry.archives;

import io.ociregistry.archive.ImageArchive;
import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Platforms;
import io.ociregistry.registry.catalog.PrunePins;
import io.ociregistry.registry.load.ImportedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What one image of an archive takes: of an index those of the wanted images that are in the archive, or that it says are here. What it does not
 * say anything of is left out, as in an index of which a registry is only asked for one platform.
 */
final class ImportPlan {
    private final ImageArchive archive;
    private final CacheImporter here;
    private final PrunePins held;
    private final Platforms platforms;
    private final Map<Digest, Manifest> manifests = new LinkedHashMap<>();
    private final List<String> missing = new ArrayList<>();

    private ImportPlan(ImageArchive archive, CacheImporter here, PrunePins held, Platforms platforms) {
        this.archive = archive;
        this.here = here;
        this.held = held;
        this.platforms = platforms;
    }

    /** Holds all of its blobs, those that the archive has too: they need not be read where they are here. */
    static ImportedImage of(
            ImageArchive archive,
            CacheImporter here,
            PrunePins held,
            Platforms platforms,
            Digest root,
            Set<ImageReference> names) {
        ImportPlan plan = new ImportPlan(archive, here, held, platforms);
        plan.find(root).ifPresentOrElse(manifest -> plan.addRoot(root, manifest, names), () -> plan.miss(root));
        return new ImportedImage(names, root, plan.manifests, plan.missing);
    }

    private Optional<Manifest> find(Digest digest) {
        return archive.manifest(digest).or(() -> here.manifest(digest));
    }

    private void miss(Digest manifest) {
        missing.add("manifest " + manifest);
    }

    private void addRoot(Digest root, Manifest manifest, Set<ImageReference> names) {
        for (ImageReference name : names) {
            if (name.reference() instanceof Digest said && !manifest.is(said)) {
                missing.add("the manifest that " + name + " names, since it is " + root + " there");
            }
        }
        add(root, manifest);
    }

    private void add(Digest digest, Manifest manifest) {
        manifest.blobs().forEach(blob -> held.hold(blob.digest()));
        manifest.neededBlobs().stream()
                .filter(blob -> !isThere(blob))
                .forEach(blob -> missing.add("blob " + blob.digest()));
        addChildren(manifest);
        manifests.put(digest, manifest);
    }

    private boolean isThere(Descriptor blob) {
        return archive.has(blob) || here.has(blob);
    }

    private void addChildren(Manifest index) {
        boolean any = index.children().isEmpty();
        for (Descriptor child : wanted(index)) {
            boolean isLeftOut = archive.leftOut().contains(child.digest());
            Optional<Manifest> found = isLeftOut ? find(child.digest()) : archive.manifest(child.digest());
            any |= isLeftOut || found.isPresent();
            if (found.isPresent() && !isAttestationInPart(found.get())) {
                add(child.digest(), found.get());
            } else if (isLeftOut && found.isEmpty()) {
                miss(child.digest());
            }
        }
        if (!any) {
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

    /** Nobody needs it to run the image. */
    private boolean isAttestationInPart(Manifest manifest) {
        return manifest.isAttestation() && !manifest.blobs().stream().allMatch(this::isThere);
    }
}
