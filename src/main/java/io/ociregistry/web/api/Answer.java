package io.ociregistry.web.api;

import io.ociregistry.metrics.Served;
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
 * @param served how the cache obtained the content; empty for errors and answers without content of a registry
 */
public record Answer(int status, Map<String, String> headers, Body body, Optional<Served> served) {
    /** Makes an answer without content of a registry. */
    public Answer(int status, Map<String, String> headers, Body body) {
        this(status, headers, body, Optional.empty());
    }

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

    /** Returns the same answer with the description of how its content was obtained. */
    Answer with(Served how) {
        return new Answer(status, headers, body, Optional.of(how));
    }

    /** Returns the same answer with one more header; the value replaces that of a header with the same name. */
    public Answer with(String name, String value) {
        Map<String, String> changed = new LinkedHashMap<>(headers);
        changed.put(name, value);
        return new Answer(status, changed, body, served);
    }

    /** Returns the answer to HEAD instead of GET: the same headers without a body. */
    public Answer headersOnly() {
        OptionalLong length = body.length();
        body.close();
        return new Answer(status, headers, new Body.None(length), served);
    }

    /** Releases the source of the body. */
    public void close() {
        body.close();
    }
}
