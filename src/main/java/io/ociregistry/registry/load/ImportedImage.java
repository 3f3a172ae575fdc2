package io.ociregistry.registry.load;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Repository;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An image to be imported from an archive.
 *
 * @param digest the digest of its root manifest, as the archive names it
 * @param manifests its manifests, by the digests that name them; the children of an index come before the index
 * @param missing required content that neither the archive nor the cache has; empty if the image is complete
 */
public record ImportedImage(
        Set<ImageReference> names, Digest digest, Map<Digest, Manifest> manifests, List<String> missing) {

    /** The name for logs and errors. */
    public String name() {
        return names.iterator().next().toString();
    }

    public Set<Repository> repositories() {
        return names.stream().map(ImageReference::repository).collect(Collectors.toSet());
    }

    /** Its blobs, each once, without foreign layers. */
    public Collection<Descriptor> blobs() {
        Map<Digest, Descriptor> blobs = new LinkedHashMap<>();
        manifests.values().stream()
                .flatMap(manifest -> manifest.distributableBlobs().stream())
                .forEach(blob -> blobs.putIfAbsent(blob.digest(), blob));
        return blobs.values();
    }
}
