package io.ociregistry.web.api;

import java.util.Optional;

/**
 * The {@code Warning} header of an answer that may be stale (RFC 7234 section 5.5), in the form that the distribution
 * specification allows ("Warnings").
 */
public final class WarningHeader {
    /** The specification allows 4,096 bytes for all warnings of an answer together. */
    private static final int MAX_LENGTH = 1000;

    private WarningHeader() {}

    /** Returns the answer with the warning, if there is one. */
    public static Answer addTo(Answer answer, Optional<String> warning) {
        return warning.isEmpty() ? answer : answer.with("Warning", value(warning.get()));
    }

    /** Formats the text with code 299, and without agent and date. */
    private static String value(String text) {
        StringBuilder quoted = new StringBuilder("299 - \"");
        text.chars().limit(MAX_LENGTH).forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\');
            }
            quoted.append(c < ' ' || c > '~' ? '?' : (char) c);
        });
        return quoted.append('"').toString();
    }
}
