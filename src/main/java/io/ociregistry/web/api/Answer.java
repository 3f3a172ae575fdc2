package io.ociregistry.web.api;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * An answer to a request: status, headers and body. Immutable, and independent of the transport that sends it.
 *
 * <p>The sender closes the answer after the last byte of the body, on failure, or if it does not send the body.
 *
 * @param headers the headers in their order, without {@code Content-Length}, which is {@link Body#length}
 */
public record Answer(int status, Map<String, String> headers, Body body) {
    /** The specification allows 4,096 bytes for all warnings of an answer together. */
    private static final int MAX_WARNING = 1000;

    public Answer {
        headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
    }

    /** Returns an answer with status 200. */
    public static Answer ok(Map<String, String> headers, Body body) {
        return new Answer(200, headers, body);
    }

    /** Returns an answer with status 200, a content type and a body in memory. */
    public static Answer ok(String contentType, byte[] body) {
        return ok(Map.of("Content-Type", contentType), new Body.Bytes(body));
    }

    /** Returns the same answer with one more header; the value replaces that of a header with the same name. */
    public Answer with(String name, String value) {
        Map<String, String> changed = new LinkedHashMap<>(headers);
        changed.put(name, value);
        return new Answer(status, changed, body);
    }

    /**
     * Returns the same answer with the {@code Warning} header of content that may be stale (RFC 7234 section 5.5), in
     * the form that the distribution specification allows ("Warnings").
     */
    public Answer withWarning(Optional<String> warning) {
        return warning.isEmpty() ? this : with("Warning", warningValue(warning.get()));
    }

    /** Formats the text with code 299, and without agent and date. */
    private static String warningValue(String text) {
        StringBuilder quoted = new StringBuilder("299 - \"");
        text.chars().limit(MAX_WARNING).forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\');
            }
            quoted.append(c < ' ' || c > '~' ? '?' : (char) c);
        });
        return quoted.append('"').toString();
    }

    /** Returns the answer to HEAD instead of GET: the same headers without a body. */
    public Answer headersOnly() {
        OptionalLong length = body.length();
        body.close();
        return new Answer(status, headers, new Body.None(length));
    }

    /** Releases the source of the body. */
    public void close() {
        body.close();
    }
}
