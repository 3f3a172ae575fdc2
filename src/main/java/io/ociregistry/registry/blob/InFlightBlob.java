package io.ociregistry.registry.blob;

import org.jspecify.annotations.Nullable;

/**
 * A blob whose download is in flight.
 *
 * @param source the registry that sends the blob
 * @param bytes the number of bytes received so far
 * @param size the size of the whole blob; null while it is unknown
 */
public record InFlightBlob(
        String digest, String source, long bytes, @Nullable Long size) {}
