package io.ociregistry.registry.blob;

import java.util.Optional;

/** The single range of a blob that a client wants; it may depend on the blob's size, as the last bytes do. */
@FunctionalInterface
public interface RequestedRange {
    /** Returns the range in a blob of this size; empty if the client wants the whole blob or more than one range. */
    Optional<Range> resolve(long size);

    /**
     * A range of bytes.
     *
     * @param from the position of the first byte
     * @param to the position after the last byte
     */
    record Range(long from, long to) {}
}
