package io.ociregistry.oci;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The manifests of an image, as far as a source has them: its own and, if it is an index, those that the index lists
 * directly or indirectly.
 *
 * @param manifests by the digests that name them; a manifest comes after those that it lists, so the root is the last
 */
public record ImageContents(Map<Digest, Manifest> manifests) {
    /** Limit of the nesting of indexes, far more than images have; deeper manifests count as absent. */
    private static final int MAX_DEPTH = 8;

    /**
     * Finds the manifests of an image; each is looked up once.
     *
     * @param entries returns the entries of an index to look up
     * @param find returns a manifest of the source; empty if the source does not have it
     */
    public static ImageContents of(
            Digest digest,
            Manifest root,
            Function<Manifest, List<Descriptor>> entries,
            Function<Digest, Optional<Manifest>> find) {
        Map<Digest, Manifest> found = new LinkedHashMap<>();
        add(digest, root, 0, entries, find, found);
        return new ImageContents(found);
    }

    private static void add(
            Digest digest,
            Manifest manifest,
            int depth,
            Function<Manifest, List<Descriptor>> entries,
            Function<Digest, Optional<Manifest>> find,
            Map<Digest, Manifest> found) {
        for (Descriptor child : depth < MAX_DEPTH ? entries.apply(manifest) : List.<Descriptor>of()) {
            if (!found.containsKey(child.digest())) {
                find.apply(child.digest())
                        .ifPresent(listed -> add(child.digest(), listed, depth + 1, entries, find, found));
            }
        }
        found.put(digest, manifest);
    }

    /**
     * Returns the blobs of all manifests, each once.
     *
     * @param selection returns the blobs of one manifest that count
     */
    public Collection<Descriptor> blobs(Function<Manifest, List<Descriptor>> selection) {
        Map<Digest, Descriptor> blobs = new LinkedHashMap<>();
        manifests.values().stream()
                .flatMap(manifest -> selection.apply(manifest).stream())
                .forEach(blob -> blobs.putIfAbsent(blob.digest(), blob));
        return blobs.values();
    }
}
