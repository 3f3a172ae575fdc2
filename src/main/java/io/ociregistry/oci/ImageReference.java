package io.ociregistry.oci;

/** A full reference to a manifest: {@code registry/repository:tag} or {@code registry/repository@digest}. */
public record ImageReference(Repository repository, Reference reference) {
    /**
     * Parses the complete form; neither the registry nor {@code latest} is implied.
     *
     * @throws RegistryException if a part is missing or malformed
     */
    public static ImageReference parse(String text) {
        int slash = text.indexOf('/');
        int at = text.indexOf('@');
        int end = at >= 0 ? at : text.lastIndexOf(':');
        if (slash < 0 || end < slash) {
            throw new RegistryException(
                    ErrorCode.NAME_UNKNOWN,
                    Text.quoted(text) + " is not a complete image reference: expected registry/repository:tag or"
                            + " @digest");
        }
        Repository repository =
                new Repository(RegistryName.parse(text.substring(0, slash)), text.substring(slash + 1, end));
        String reference = text.substring(end + 1);
        return new ImageReference(repository, at >= 0 ? Digest.parse(reference) : Tag.parse(reference));
    }

    @Override
    public String toString() {
        return repository + reference.separator() + reference;
    }
}
