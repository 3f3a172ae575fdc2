package io.ociregistry.registry.archives;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import java.util.Comparator;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Something whole that is exported, with all that belongs to it.
 *
 * @param manifests the digests that they are named by, and their SHA-256
 * @param blobs with their sizes
 * @param included every manifest as its repository names it
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
