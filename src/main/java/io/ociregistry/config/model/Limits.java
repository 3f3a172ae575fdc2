package io.ociregistry.config.model;

import java.util.Optional;

/**
 * What a registry may be asked for at most.
 *
 * @param downloads blobs at a time
 * @param bandwidth bytes of blobs a second; empty for no limit
 */
public record Limits(int downloads, Optional<Long> bandwidth) {
    public static final Limits DEFAULT = new Limits(8, Optional.empty());
}
