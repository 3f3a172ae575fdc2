package io.ociregistry.oci;

import java.util.regex.Pattern;

/** A tag, as the distribution specification defines it ("Pulling manifests"). Upper and lower case are different tags. */
public record Tag(String value) implements Reference {
    private static final Pattern GRAMMAR = Pattern.compile("[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}");

    public Tag {
        if (!isTag(value)) {
            // 404, not 400: the conformance suite asks for ".INVALID_MANIFEST_NAME" and wants "not found".
            throw new RegistryException(
                    ErrorCode.MANIFEST_UNKNOWN,
                    Text.quoted(value)
                            + " can't be a tag: letters, digits, '_', '.' and '-' are allowed, 128 at most, '.' and '-' not first");
        }
    }

    /** True if that can be a tag. */
    public static boolean isTag(String text) {
        return GRAMMAR.matcher(text).matches();
    }

    /**
     * Parses a tag.
     *
     * @throws RegistryException {@link ErrorCode#MANIFEST_UNKNOWN} if that can't be a tag
     */
    public static Tag parse(String text) {
        return new Tag(text);
    }

    @Override
    public String separator() {
        return ":";
    }

    @Override
    public String toString() {
        return value;
    }
}
