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
 * One image that is to be brought in.
 *
 * @param digest of its root, as the archive names it
 * @param manifests what it consists of that is, or will be, here, by the digests it is named by; those that an index lists before it
 * @param missing what it can't do without and is neither in the archive nor here; nothing where all is well
 */
public record ImportedImage(
        Set<ImageReference> names, Digest digest, Map<Digest, Manifest> manifests, List<String> missing) {

    /** What it is called towards people. */
    public String name() {
        return names.iterator().next().toString();
    }

    public Set<Repository> repositories() {
        return names.stream().map(ImageReference::repository).collect(Collectors.toSet());
    }

    /** Its blobs, each once, but for layers that clients fetch from elsewhere. */
    public Collection<Descriptor> blobs() {
        Map<Digest, Descriptor> blobs = new LinkedHashMap<>();
        manifests.values().stream()
                .flatMap(manifest -> manifest.neededBlobs().stream())
                .forEach(blob -> blobs.putIfAbsent(blob.digest(), blob));
        return blobs.values();
    }
}
