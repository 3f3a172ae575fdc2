package io.ociregistry.upstream.http;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpResponse;

/**
 * Decodes content that arrives compressed although every request asks for {@code identity}.
 *
 * <p>Some registries, and the proxies before them, compress such content; others declare an encoding without using it.
 * So content is decoded only if both {@code Content-Encoding} and the first bytes say gzip. For manifests and lists,
 * which are JSON, this is conclusive. A blob may be gzip data itself.
 */
final class UnrequestedEncoding {
    private static final List<String> GZIP = List.of("gzip", "x-gzip");
    private static final int MAGIC_LENGTH = 2;

    private UnrequestedEncoding() {}

    /**
     * Decodes the body of a manifest or list; returns it unchanged if it is not encoded.
     *
     * @param limit the maximal number of decoded bytes to return
     * @throws IOException if the encoded content is invalid
     */
    static byte[] decode(HttpResponse answer, byte[] body, int limit) throws IOException {
        Optional<InputStream> decoded = decode(answer, peekable(new ByteArrayInputStream(body)));
        return decoded.isPresent() ? decoded.get().readNBytes(limit) : body;
    }

    /**
     * Returns the decoded body; empty if it has no known encoding, and then nothing of the body was consumed.
     *
     * @throws IOException if the connection breaks
     */
    static Optional<InputStream> decode(HttpResponse answer, PushbackInputStream body) throws IOException {
        return declaresGzip(answer) && isGzip(body) ? Optional.of(new GZIPInputStream(body)) : Optional.empty();
    }

    /** Returns true if the answer declares an encoding, so that its lengths may be those of encoded content. */
    static boolean isDeclared(HttpResponse answer) {
        Header encoding = answer.getFirstHeader("Content-Encoding");
        return encoding != null && !encoding.getValue().strip().equalsIgnoreCase("identity");
    }

    static PushbackInputStream peekable(InputStream body) {
        return new PushbackInputStream(body, MAGIC_LENGTH);
    }

    private static boolean declaresGzip(HttpResponse answer) {
        Header encoding = answer.getFirstHeader("Content-Encoding");
        return encoding != null && GZIP.contains(encoding.getValue().strip().toLowerCase(Locale.ROOT));
    }

    private static boolean isGzip(PushbackInputStream body) throws IOException {
        byte[] first = body.readNBytes(MAGIC_LENGTH);
        body.unread(first);
        return first.length == MAGIC_LENGTH && first[0] == 0x1f && first[1] == (byte) 0x8b;
    }
}
