package io.ociregistry.oci;

import java.util.regex.Pattern;

/** A tag (distribution specification, "Pulling manifests"). Tags are case-sensitive. */
public record Tag(String value) implements Reference {
    private static final Pattern GRAMMAR = Pattern.compile("[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}");

    public Tag {
        if (!isValid(value)) {
            // 404 and not 400: the conformance suite requests ".INVALID_MANIFEST_NAME" and expects 404.
            throw new RegistryException(
                    ErrorCode.MANIFEST_UNKNOWN,
                    Text.quoted(value)
                            + " is not a tag: expected at most 128 letters, digits, '_', '.' and '-',"
                            + " and not '.' or '-' at the start");
        }
    }

    public static boolean isValid(String text) {
        return GRAMMAR.matcher(text).matches();
    }

    /**
     * Parses a tag.
     *
     * @throws RegistryException {@link ErrorCode#MANIFEST_UNKNOWN} if the text is not a valid tag
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
