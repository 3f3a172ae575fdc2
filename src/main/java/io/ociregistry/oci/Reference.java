package io.ociregistry.oci;

/** What names a manifest inside its repository: a tag or a digest ({@code <reference>} of the distribution specification). */
public sealed interface Reference permits Tag, Digest {
    /**
     * Parses the last path component of a manifest request. A tag can't hold a colon and a digest must, so the colon decides.
     *
     * @throws RegistryException {@link ErrorCode#DIGEST_INVALID} or, for an impossible tag, {@link ErrorCode#MANIFEST_UNKNOWN}
     */
    static Reference parse(String text) {
        return text.indexOf(':') >= 0 ? Digest.parse(text) : Tag.parse(text);
    }

    /** The character between a repository and this reference: {@code :} or {@code @}. */
    String separator();
}
