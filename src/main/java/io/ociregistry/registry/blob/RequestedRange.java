package io.ociregistry.registry.blob;

import java.util.Optional;

/** Which single part of a blob a client wants, which may depend on the blob's size: the last bytes, say. */
@FunctionalInterface
public interface RequestedRange {
    /** The part of a blob of that size; empty if all of it, or more than one part, is wanted. */
    Optional<Part> of(long size);

    /**
     * A part.
     *
     * @param from its first byte
     * @param to the byte after its last one
     */
    record Part(long from, long to) {}
}
