package io.ociregistry.registry.admin;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A name in the cache with its image, as the admin API and the command {@code list} show it.
 *
 * @param name the complete name, as {@code docker pull} takes it
 * @param image the name without its tag or digest
 * @param reference the tag, or the digest
 * @param digest the digest of the manifest
 * @param type {@code list} for an index, {@code image} for an image or another artifact with blobs, {@code other} for a
 *     manifest without blobs
 * @param platforms the platforms of an index whose manifests are cached, or the platform of an image; empty if unknown
 * @param size the bytes of all its blobs; for an index, of the blobs of the cached images
 * @param stored the bytes of those blobs that are cached
 * @param complete whether it can be used without its registry; for an index, whether the image of one platform can
 * @param created the time in UTC when it was first pulled; null if unknown
 * @param pulled the time in UTC when a client last pulled it; null if unknown
 * @param blobs the digests of its layers, followed by the digest of its config
 */
public record CachedImage(
        String name,
        String image,
        String reference,
        String digest,
        String type,
        String mediaType,
        List<String> platforms,
        long size,
        long stored,
        boolean complete,
        @Nullable String created,
        @Nullable String pulled,
        List<String> blobs) {
    /** The type of an index. */
    public static final String LIST = "list";

    public CachedImage {
        platforms = List.copyOf(platforms);
        blobs = List.copyOf(blobs);
    }
}
