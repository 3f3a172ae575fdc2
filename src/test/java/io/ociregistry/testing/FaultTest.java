package io.ociregistry.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.RawHttp.Response;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the effect of each fault on the wire. */
@Timeout(30)
class FaultTest {
    private static final int SIZE = 300_000;

    private final FakeUpstream up = FakeUpstream.start();
    private final URI base = URI.create(up.url());
    private final FakeImage image =
            up.image("library/alpine", "3.20").layer(SIZE).layer(50).push();
    private final Digest layer = image.layer(0);
    private final String blob = "/v2/library/alpine/blobs/" + layer;

    @AfterEach
    void stop() {
        up.close();
    }

    @Test
    void statusIsSentWithErrorBodyAndHeaders() throws IOException {
        up.on(Match.manifest("3.20")).once(Fault.status(429).header("Retry-After", "7"));
        Response limited = RawHttp.get(base, "/v2/library/alpine/manifests/3.20");
        assertEquals(429, limited.status());
        assertEquals("7", limited.header("Retry-After"));
        assertEquals("application/json", limited.header("Content-Type"));
        assertEquals(200, RawHttp.get(base, "/v2/library/alpine/manifests/3.20").status(), "the rule is used up");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1000, 250_000})
    void resetFollowsExactNumberOfBytes(int bytes) throws IOException {
        up.on(Match.blob(layer)).once(Fault.resetAfter(bytes));
        try (RawHttp http = RawHttp.connect(base)) {
            Response cut = http.send("GET", blob);
            assertEquals(200, cut.status());
            assertEquals(Integer.toString(SIZE), cut.header("Content-Length"));
            assertArrayEquals(Arrays.copyOf(image.layerBytes(0), bytes), cut.body());
            assertFalse(cut.complete());
        }
        Recorded request = up.requestsTo(blob).get(0);
        request.awaitFinished();
        assertTrue(request.broken());
        assertEquals(bytes, request.bytesSent());
    }

    @Test
    void resetBeforeHeadersLeavesNoStatus() {
        up.on(Match.anything()).once(new Fault.ResetBeforeHeaders());
        IOException reset = assertThrows(IOException.class, () -> RawHttp.get(base, "/v2/"));
        assertTrue(reset.getMessage().contains("reset"), reset.getMessage());
    }

    @Test
    void closeBeforeHeadersLeavesNoStatus() {
        up.on(Match.anything()).once(new Fault.CloseBeforeHeaders());
        IOException closed = assertThrows(IOException.class, () -> RawHttp.get(base, "/v2/"));
        assertTrue(closed.getMessage().startsWith("the connection ended"), closed.getMessage());
    }

    @Test
    void stallLastsUntilClientDisconnects() throws IOException {
        up.on(Match.blob(layer)).once(Fault.stallAfter(1000));
        try (RawHttp http = RawHttp.connect(base)) {
            assertEquals(1000, http.send("GET", blob).read(1000).length);
            Recorded stalled = up.requestsTo(blob).get(0);
            assertEquals(1000, stalled.bytesSent());
            http.abandon();
            stalled.awaitFinished();
            assertTrue(stalled.broken());
        }
    }

    @Test
    void missingAnswerHasNoStatus() throws IOException {
        up.on(Match.anything()).once(new Fault.NoAnswer());
        try (RawHttp http = RawHttp.connect(base)) {
            http.write("GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n");
            http.patience(Duration.ofMillis(100));
            assertThrows(SocketTimeoutException.class, () -> http.sendRaw("", false));
        }
    }

    @Test
    void trickleIsSlowButCorrect() throws IOException {
        up.on(Match.blob(image.layer(1))).once(new Fault.Trickle(10, Duration.ofMillis(20)));
        long start = System.nanoTime();
        Response slow = RawHttp.get(base, "/v2/library/alpine/blobs/" + image.layer(1));
        assertTrue(System.nanoTime() - start >= Duration.ofMillis(80).toNanos());
        assertTrue(slow.complete());
    }

    @Test
    void shortBodyEndsEarlyWithOrderlyClose() throws IOException {
        up.on(Match.blob(layer)).once(new Fault.ShortBody(10));
        try (RawHttp http = RawHttp.connect(base)) {
            Response cut = http.send("GET", blob);
            assertEquals(10, cut.body().length);
            assertFalse(cut.complete());
        }
    }

    @Test
    void longBodyExceedsContentLength() throws IOException {
        up.on(Match.blob(layer)).once(new Fault.LongBody(3));
        try (RawHttp http = RawHttp.connect(base)) {
            http.write("GET " + blob + " HTTP/1.0\r\n\r\n");
            byte[] everything = http.rest();
            int head = new String(everything, StandardCharsets.ISO_8859_1).indexOf("\r\n\r\n") + 4;
            assertEquals(SIZE + 3, everything.length - head);
        }
    }

    @Test
    void paddedBodyMatchesContentLength() throws IOException {
        up.on(Match.blob(layer)).once(new Fault.Padded(3));
        assertEquals(SIZE + 3, RawHttp.get(base, blob).body().length);
    }

    @Test
    void corruptBodyDiffersInLastByteOnly() throws IOException {
        up.on(Match.blob(layer)).once(new Fault.Corrupt());
        Response corrupt = RawHttp.get(base, blob);
        assertEquals(layer.toString(), corrupt.header("Docker-Content-Digest"));
        byte[] right = image.layerBytes(0);
        byte[] wrong = corrupt.body();
        assertTrue(corrupt.complete());
        assertEquals(SIZE - 1, Arrays.mismatch(right, wrong));
    }

    @Test
    void bodyWithoutContentLengthEndsWithConnection() throws IOException {
        up.on(Match.blob(layer)).once(new Fault.NoContentLength());
        try (RawHttp http = RawHttp.connect(base)) {
            Response open = http.send("GET", blob);
            assertNull(open.header("Content-Length"));
            assertNull(open.header("Transfer-Encoding"));
            assertArrayEquals(image.layerBytes(0), open.body());
        }
    }

    @Test
    void resetChunkedBodyIsIncomplete() throws IOException {
        up.on(Match.blob(layer)).once(new Fault.Chunked());
        assertArrayEquals(image.layerBytes(0), RawHttp.get(base, blob).body());
        up.on(Match.blob(layer)).once(new Fault.Chunked().and(Fault.resetAfter(100)));
        Response cut = RawHttp.get(base, blob);
        assertEquals(100, cut.body().length);
        assertFalse(cut.complete());
    }

    @Test
    void htmlIsSentWithStatus200() throws IOException {
        up.on(Match.manifests()).once(new Fault.Html());
        Response page = RawHttp.get(base, "/v2/library/alpine/manifests/3.20");
        assertEquals(200, page.status());
        assertEquals("text/html; charset=utf-8", page.header("Content-Type"));
        assertTrue(page.text().startsWith("<!DOCTYPE html>"));
    }

    @Test
    void empty200HasHeadersButNoBody() throws IOException {
        up.on(Match.manifests()).once(new Fault.Empty200());
        Response empty = RawHttp.get(base, "/v2/library/alpine/manifests/3.20");
        assertEquals(200, empty.status());
        assertEquals("0", empty.header("Content-Length"));
        assertEquals(image.digest().toString(), empty.header("Docker-Content-Digest"));
    }

    @Test
    void headersCanBeWrongOrMissing() throws IOException {
        String manifest = "/v2/library/alpine/manifests/3.20";
        up.on(Match.manifests()).once(new Fault.WrongContentType("application/octet-stream"));
        assertEquals("application/octet-stream", RawHttp.head(base, manifest).header("Content-Type"));
        up.on(Match.manifests()).once(new Fault.WrongContentType(""));
        assertNull(RawHttp.head(base, manifest).header("Content-Type"));
        up.on(Match.manifests()).once(new Fault.WrongDigestHeader());
        assertNotEquals(image.digest().toString(), RawHttp.head(base, manifest).header("Docker-Content-Digest"));
        up.on(Match.manifests()).once(new Fault.NoDigestHeader());
        assertNull(RawHttp.head(base, manifest).header("Docker-Content-Digest"));
    }

    @Test
    void gzipBodyIsCompressed() throws IOException {
        up.on(Match.blob(layer)).once(new Fault.Gzip());
        Response zipped = RawHttp.get(base, blob);
        assertEquals("gzip", zipped.header("Content-Encoding"));
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(zipped.body()))) {
            assertArrayEquals(image.layerBytes(0), in.readAllBytes());
        }
    }

    @Test
    void redirectsPointToGivenLocation() throws IOException {
        up.on(Match.blob(layer)).once(new Fault.RedirectTo("http://127.0.0.1:1/x"));
        Response away = RawHttp.get(base, blob);
        assertEquals(307, away.status());
        assertEquals("http://127.0.0.1:1/x", away.header("Location"));
        up.on(Match.blob(layer)).once(new Fault.RedirectLoop());
        assertEquals(blob, RawHttp.get(base, blob).header("Location"));
    }

    @Test
    void rangeCanBeIgnored() throws IOException {
        up.on(Match.blob(layer).ranged()).once(new Fault.IgnoreRange());
        assertEquals(200, RawHttp.get(base, blob, "Range: bytes=5-").status());
        assertEquals(206, RawHttp.get(base, blob, "Range: bytes=5-").status());
    }

    @Test
    void changedContentHasDifferentEtag() throws IOException {
        up.on(Match.blob(layer)).once(new Fault.ContentChanged());
        Response changed = RawHttp.get(base, blob);
        assertEquals("\"changed\"", changed.header("ETag"));
        byte[] other = changed.body();
        assertEquals(SIZE, other.length);
        assertFalse(Arrays.equals(image.layerBytes(0), other));
    }

    @Test
    void connectionsAreRefusedUntilHealed() throws IOException {
        up.on(Match.anything()).always(new Fault.RefuseConnection());
        assertThrows(ConnectException.class, () -> RawHttp.get(base, "/v2/"));
        up.heal();
        assertEquals(200, RawHttp.get(base, "/v2/").status());
    }

    @Test
    void blackholeNeitherAcceptsNorRefuses() throws IOException {
        up.on(Match.anything()).always(new Fault.Blackhole());
        try (Socket socket = new Socket()) {
            InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), up.port());
            assertThrows(SocketTimeoutException.class, () -> socket.connect(address, 300));
        }
        up.heal();
        assertEquals(200, RawHttp.get(base, "/v2/").status());
    }

    @Test
    void otherCertificateIsShownUntilHealed() throws IOException {
        TestCertificates trusted = TestCertificates.create();
        try (FakeUpstream secure = FakeUpstream.startTls(trusted.server())) {
            secure.on(Match.anything())
                    .always(new Fault.OtherCertificate(TestCertificates.create().server()));
            assertThrows(SSLException.class, () -> pingTls(secure, trusted));
            assertEquals(0, secure.requests().size());
            secure.heal();
            assertEquals(200, pingTls(secure, trusted));
        }
    }

    private static int pingTls(FakeUpstream secure, TestCertificates trusted) throws IOException {
        try (RawHttp http = RawHttp.connectTls(URI.create(secure.url()), trusted.trusting())) {
            return http.send("GET", "/v2/").status();
        }
    }

    @Test
    void redirectToAnotherServerKeepsPath() throws IOException {
        up.on(Match.blob(layer)).once(new Fault.RedirectToServer("http://127.0.0.1:1"));
        Response redirect = RawHttp.get(base, blob);
        assertEquals(307, redirect.status());
        assertEquals("http://127.0.0.1:1" + blob, redirect.header("Location"));
    }

    @Test
    void gateHoldsRestOfBodyUntilReleased() throws IOException {
        Gate gate = up.holdBlobAfter(layer, 1000);
        try (RawHttp http = RawHttp.connect(base)) {
            Response held = http.send("GET", blob);
            assertEquals(1000, held.read(1000).length);
            gate.awaitReached();
            assertEquals(1000, up.requestsTo(blob).get(0).bytesSent());
            gate.release();
            assertEquals(SIZE - 1000, held.body().length);
            assertTrue(held.complete());
        }
    }

    @Test
    void gateAtBlobPositionCombinesWithFaults() throws IOException {
        Gate gate = up.holdBlobAfter(layer, 1000);
        up.on(Match.blob(layer)).once(Fault.resetAfter(700));
        try (RawHttp http = RawHttp.connect(base)) {
            Response held = http.send("GET", blob, "Range: bytes=400-");
            assertEquals(600, held.read(600).length);
            gate.awaitReached();
            gate.release();
            assertEquals(100, held.body().length);
            assertFalse(held.complete());
        }
    }
}
