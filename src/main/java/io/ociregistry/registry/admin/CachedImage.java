package io.ociregistry.registry.admin;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One name in the cache, and what is there of it, as people and their scripts are told.
 *
 * @param name complete, as {@code docker pull} takes it
 * @param image the name without its tag or digest
 * @param reference the tag, or the digest
 * @param digest of the manifest
 * @param type {@code list} for an index, {@code image} for an image or another artifact that consists of blobs, {@code other} for what has none
 * @param platforms of an index those whose manifests are here, of an image its own; none where nothing tells
 * @param size what its blobs take when all of them are here; of an index those of the images that are here
 * @param stored what is here of that
 * @param complete whether it can be used without its registry; of an index, whether the image of one platform can
 * @param created when it was pulled first, in UTC; none if nobody knows
 * @param pulled when a client got it last, in UTC; none if nobody knows
 * @param blobs the digests of its layers, and of its config as the last one
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
