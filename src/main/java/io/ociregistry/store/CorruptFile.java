package io.ociregistry.store;

import io.ociregistry.oci.Digest;

/**
 * Stored content that does not have the digest in its name.
 *
 * @param location the place of the content, for the operator
 * @param digest the digest in the name of the content
 * @param version the version that was read; opaque, and another one after the content was replaced
 * @param problem the reason, as a sentence in which the content is "it"
 */
public record CorruptFile(String location, Digest digest, String version, String problem) {
    @Override
    public String toString() {
        return location + ": " + problem;
    }
}
