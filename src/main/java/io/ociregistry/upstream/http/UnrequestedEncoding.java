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
 * Content that comes compressed, though every request says {@code identity}: some registries and the proxies before them do so.
 *
 * <p>What a {@code Content-Encoding} says is not believed alone, since others label what is not encoded: the first bytes have to agree. For
 * manifests and lists, which are JSON, that decides. A blob may well begin as gzip does.
 */
final class UnrequestedEncoding {
    private static final List<String> GZIP = List.of("gzip", "x-gzip");
    private static final int MAGIC_LENGTH = 2;

    private UnrequestedEncoding() {}

    /**
     * The manifest or list itself.
     *
     * @param limit no more bytes than that are read of it
     * @throws IOException if it is encoded, but not as it says
     */
    static byte[] undone(HttpResponse answer, byte[] body, int limit) throws IOException {
        Optional<InputStream> decoded = undone(answer, peekable(new ByteArrayInputStream(body)));
        return decoded.isPresent() ? decoded.get().readNBytes(limit) : body;
    }

    /**
     * The body without its encoding; empty if it has none of which we know. Then nothing of it was read.
     *
     * @throws IOException if it breaks off meanwhile
     */
    static Optional<InputStream> undone(HttpResponse answer, PushbackInputStream body) throws IOException {
        return isLabelled(answer) && isGzip(body) ? Optional.of(new GZIPInputStream(body)) : Optional.empty();
    }

    /** Whether the lengths in an answer may be those of something encoded. */
    static boolean isClaimed(HttpResponse answer) {
        Header encoding = answer.getFirstHeader("Content-Encoding");
        return encoding != null && !encoding.getValue().strip().equalsIgnoreCase("identity");
    }

    static PushbackInputStream peekable(InputStream body) {
        return new PushbackInputStream(body, MAGIC_LENGTH);
    }

    private static boolean isLabelled(HttpResponse answer) {
        Header encoding = answer.getFirstHeader("Content-Encoding");
        return encoding != null && GZIP.contains(encoding.getValue().strip().toLowerCase(Locale.ROOT));
    }

    private static boolean isGzip(PushbackInputStream body) throws IOException {
        byte[] first = body.readNBytes(MAGIC_LENGTH);
        body.unread(first);
        return first.length == MAGIC_LENGTH && first[0] == 0x1f && first[1] == (byte) 0x8b;
    }
}
