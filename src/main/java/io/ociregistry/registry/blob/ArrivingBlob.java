package io.ociregistry.registry.blob;

import org.jspecify.annotations.Nullable;

/**
 * A blob on its way here.
 *
 * @param source the registry that sends it
 * @param bytes that are here
 * @param size of the whole; none as long as nobody told
 */
public record ArrivingBlob(
        String digest, String source, long bytes, @Nullable Long size) {}
