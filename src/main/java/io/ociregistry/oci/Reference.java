package io.ociregistry.oci;

/** A tag or a digest, which names a manifest in its repository (distribution specification, {@code <reference>}). */
public sealed interface Reference permits Tag, Digest {
    /**
     * Parses the last path component of a manifest request. A tag has no colon and a digest has one, so the colon
     * decides.
     *
     * @throws RegistryException {@link ErrorCode#DIGEST_INVALID} for an invalid digest, or
     *     {@link ErrorCode#MANIFEST_UNKNOWN} for an invalid tag
     */
    static Reference parse(String text) {
        return text.indexOf(':') >= 0 ? Digest.parse(text) : Tag.parse(text);
    }

    /** The character between a repository and this reference: {@code :} or {@code @}. */
    String separator();
}
