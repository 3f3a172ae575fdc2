package io.ociregistry.upstream;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpResponse;

/**
 * Manifests and lists that come compressed, though every request says {@code identity}: some registries and the proxies before them do so.
 *
 * <p>What a {@code Content-Encoding} says is not believed alone, since others label what is not encoded. Both are JSON, which never begins
 * as gzip does, so the first bytes decide.
 */
final class UnaskedEncoding {
    private static final List<String> GZIP = List.of("gzip", "x-gzip");

    private UnaskedEncoding() {}

    /**
     * The manifest or list itself.
     *
     * @param limit no more bytes than that are read of it
     * @throws IOException if it is encoded, but not as it says
     */
    static byte[] undone(HttpResponse answer, byte[] body, int limit) throws IOException {
        Header encoding = answer.getFirstHeader("Content-Encoding");
        boolean told =
                encoding != null && GZIP.contains(encoding.getValue().strip().toLowerCase(Locale.ROOT));
        if (!told || !isGzip(body)) {
            return body;
        }
        try (InputStream decoded = new GZIPInputStream(new ByteArrayInputStream(body))) {
            return decoded.readNBytes(limit);
        }
    }

    private static boolean isGzip(byte[] body) {
        return body.length > 1 && body[0] == 0x1f && body[1] == (byte) 0x8b;
    }
}
