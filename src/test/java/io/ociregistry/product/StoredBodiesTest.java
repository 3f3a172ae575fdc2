package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.CalledTypes;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.TestCertificates;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bodies of hits of the embedded server: from memory, by a buffer, and by sendfile. */
class StoredBodiesTest extends Scenario {
    /** Sizes around the limits of memory, of a buffer, and of one turn of sendfile. */
    private static final int[] SIZES = {1, 20_000, 65_536, 65_537, 1 << 20, (1 << 20) + 65_537, 9_000_001};

    private static final int LARGE = SIZES.length - 1;

    private FakeImage image;

    @BeforeEach
    void cacheImage() throws Exception {
        FakeImage.Builder layers = upstream.image("team/app", "1.0");
        for (int size : SIZES) {
            layers.layer(size);
        }
        image = layers.push();
        status(manifest("team/app", "1.0"));
        for (int i = 0; i < SIZES.length; i++) {
            status(path(i));
        }
        registry.awaitDownloads();
    }

    @Test
    void bodiesHaveTheirDigests() throws Exception {
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < SIZES.length; i++) {
                assertArrayEquals(image.layerBytes(i), get(path(i)).body(), "size " + SIZES[i] + ", round " + round);
            }
        }
    }

    @Test
    void hitPassesNoServlet() throws Exception {
        for (String path : List.of(path(1), path(LARGE), manifest("team/app", "1.0"), "/v2/")) {
            status(path);
            try (CalledTypes calls = CalledTypes.record("http")) {
                assertEquals(200, status(path));
                assertEquals(200, head(path).status());
                assertFalse(calls.topLevelTypes().contains("io.ociregistry.web.DistributionServlet"), path);
            }
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        String one = "GET %s HTTP/1.1\r\nHost: x\r\n\r\n";
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < SIZES.length; i++) {
            all.append(one.formatted(path(i)));
            all.append("HEAD %s HTTP/1.1\r\nHost: x\r\n\r\n".formatted(path(i)));
            all.append(one.formatted(manifest("team/app", "1.0")));
            all.append(one.formatted(manifest("team/app", "unknown")));
        }
        try (RawHttp http = RawHttp.connect(registry.base())) {
            http.write(all.toString());
            for (int i = 0; i < SIZES.length; i++) {
                Response blob = http.sendRaw("", false);
                assertArrayEquals(image.layerBytes(i), blob.body());
                assertEquals(String.valueOf(SIZES[i]), http.sendRaw("", true).header("Content-Length"));
                Response manifest = http.sendRaw("", false);
                assertEquals(image.digest(), Digest.of(Digest.Algorithm.SHA256, manifest.body()));
                Response unknown = http.sendRaw("", false);
                unknown.body();
                assertEquals(404, unknown.status());
            }
        }
    }

    @Test
    void rangesHaveTheirBytes() throws Exception {
        byte[] whole = image.layerBytes(LARGE);
        int[][] ranges = {{0, 1}, {5, 70_000}, {1_000_000, 4_500_000}, {8_999_990, 9_000_001}};
        for (int[] range : ranges) {
            Response part =
                    RawHttp.get(registry.base(), path(LARGE), "Range: bytes=" + range[0] + "-" + (range[1] - 1));
            assertEquals(206, part.status());
            assertArrayEquals(Arrays.copyOfRange(whole, range[0], range[1]), part.body());
        }
        Response several =
                RawHttp.get(registry.base(), path(LARGE), "Range: bytes=10-19,1000000-4499999,8000000-8000000");
        String body = new String(several.body(), StandardCharsets.ISO_8859_1);
        assertTrue(several.complete());
        assertTrue(body.contains(new String(whole, 1_000_000, 3_500_000, StandardCharsets.ISO_8859_1)));
        assertTrue(body.contains("Content-Range: bytes 8000000-8000000/9000001"));
    }

    @Test
    void tlsHasTheSameBytes(@TempDir Path keys) throws Exception {
        TestCertificates certificates = TestCertificates.create();
        TestCertificates.Presented server = certificates.server();
        startWith("serverTlsConfig: {cert: '" + server.certPem(keys) + "', key: '" + server.keyPem(keys) + "'}");
        URI base = URI.create("https://127.0.0.1:" + registry.base().getPort());
        try (RawHttp http = RawHttp.connectTls(base, certificates.trusting())) {
            for (int i = 0; i < SIZES.length; i++) {
                assertArrayEquals(image.layerBytes(i), http.send("GET", path(i)).body());
            }
        }
    }

    @Test
    void fileThatGetsShorterBreaksConnection() throws Exception {
        Path file = file(LARGE);
        try (RawHttp http = RawHttp.connectWithBuffer(registry.base(), 4096)) {
            Response answer = http.send("GET", path(LARGE));
            assertEquals(200, answer.status());
            try (var channel = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
                channel.truncate(1_000);
            }
            answer.body();
            assertFalse(answer.complete());
        }
    }

    @Test
    void clientThatLeavesIsLoggedAsAborted() throws Exception {
        try (LogLines log = LogLines.of("io.ociregistry.access")) {
            try (Socket socket =
                    new Socket(InetAddress.getLoopbackAddress(), registry.base().getPort())) {
                socket.getOutputStream()
                        .write(("GET " + path(LARGE) + " HTTP/1.1\r\nHost: x\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                InputStream in = socket.getInputStream();
                assertEquals('H', in.read());
                socket.setSoLinger(true, 0);
            }
            Await.until("the request is logged", () -> log.text().contains("(aborted)"));
        }
        assertArrayEquals(image.layerBytes(LARGE), get(path(LARGE)).body());
    }

    @Test
    void changedFileIsNotServedFromMemory() throws Exception {
        status(path(1));
        Files.delete(file(1));
        int before = upstream.requests().size();
        assertArrayEquals(image.layerBytes(1), get(path(1)).body());
        assertTrue(upstream.requests().size() > before, "the blob came from memory");
    }

    private Path file(int layer) throws IOException {
        try (var files = Files.walk(images)) {
            return files.filter(file -> file.endsWith(image.layer(layer).hex()))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private String path(int layer) {
        return blob("team/app", image.layer(layer));
    }
}
