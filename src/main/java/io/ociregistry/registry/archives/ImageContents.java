package io.ociregistry.registry.archives;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import java.util.Comparator;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The content of one or more exported images. Mutable; used by one thread.
 *
 * @param manifests the digests that name the manifests, with the SHA-256 digests of these
 * @param blobs the blobs with their sizes
 * @param included the digest names of all manifests in their repositories
 */
record ImageContents(SortedMap<Digest, Digest> manifests, SortedMap<Digest, Long> blobs, Set<ImageReference> included) {
    static final Comparator<ImageReference> BY_NAME = Comparator.comparing(ImageReference::toString);

    static ImageContents empty() {
        return new ImageContents(new TreeMap<>(), new TreeMap<>(), new TreeSet<>(BY_NAME));
    }

    void add(ImageContents other) {
        manifests.putAll(other.manifests);
        blobs.putAll(other.blobs);
        included.addAll(other.included);
    }
}
