package io.ociregistry.web.http;

import jakarta.servlet.http.HttpServletResponse;
import java.util.Optional;

/** The {@code Warning} of an answer that may be old: RFC 7234 section 5.5, as far as the distribution specification allows ("Warnings"). */
public final class WarningHeader {
    /** Of the 4,096 bytes that all warnings of an answer may have together. */
    private static final int MAX_LENGTH = 1000;

    private WarningHeader() {}

    public static void set(HttpServletResponse response, Optional<String> warning) {
        warning.ifPresent(text -> response.setHeader("Warning", value(text)));
    }

    /** Code 299, no agent, no date. */
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
