package io.ociregistry.config.model;

import java.util.Optional;

/**
 * The limits for one registry.
 *
 * @param downloads the maximum number of concurrent blob downloads
 * @param bandwidth the maximum bytes of blobs per second, for all downloads together; empty for no limit
 */
public record Limits(int downloads, Optional<Long> bandwidth) {
    public static final Limits DEFAULT = new Limits(8, Optional.empty());
}
