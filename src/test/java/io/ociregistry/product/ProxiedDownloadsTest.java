package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.ConnectProxy;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.testing.TestCertificates;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs the server behind a proxy with a password, and with a registry whose name only the proxy can resolve. */
@Timeout(60)
class ProxiedDownloadsTest {
    private static final String TAG = "/v2/team/app/manifests/1?ns=r.example";

    @TempDir
    Path directory;

    private final TestCertificates authority = TestCertificates.create();
    private final FakeUpstream up = FakeUpstream.startTls(authority.server("r.example"));
    private final FakeImage image = up.image("team/app", "1").layer(3_000_000).push();
    private final ConnectProxy proxy =
            ConnectProxy.start().requireBasic("edge", "pa55word").leadTo("r.example:443", up);
    private final LogLines log = LogLines.of("ROOT");
    private RunningRegistry registry;

    @BeforeEach
    void start() throws Exception {
        registry = RunningRegistry.start(
                """
                prefetch: false
                registries:
                - name: r.example
                  tls: {ca: '%s'}
                  proxy: {url: 'http://127.0.0.1:%d', user: edge, password: pa55word}
                """.formatted(authority.caPem(directory), proxy.port()), directory.resolve("images"));
    }

    @AfterEach
    void stop() {
        registry.close();
        proxy.close();
        up.close();
        log.close();
    }

    @Test
    void downloadResumesAfterTunnelBreaks() throws IOException {
        assertArrayEquals(image.manifest(), get(TAG).body());
        proxy.cutNextTunnelAfter(1_000_000);
        Response layer = get(layer());
        assertArrayEquals(image.layerBytes(0), layer.body());

        List<Recorded> asked = up.requests(Match.blob(image.layer(0)).get());
        assertEquals(2, asked.size());
        assertTrue(asked.get(1).header("Range").orElse("").matches("bytes=[0-9]{5,}-"), asked::toString);
        assertEquals(3, proxy.connections(), "one for manifests, one that was cut, one that went on");
        assertEquals(
                List.of("CONNECT r.example:443 HTTP/1.1"),
                proxy.lines().stream().distinct().toList());
        for (Recorded request : up.requests()) {
            assertEquals(Optional.empty(), request.header("Proxy-Authorization"));
        }
    }

    @Test
    void deadProxyIsNamedInMissesWithoutPassword() throws IOException {
        get(TAG);
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        proxy.requireBasic("edge", "another");
        proxy.cut();
        Response unknown = get("/v2/team/app/manifests/2?ns=r.example");
        assertEquals(503, unknown.status());
        assertTrue(unknown.text().contains("it answered 407"), unknown.text());
        proxy.die();
        assertArrayEquals(image.manifest(), get(TAG).body());
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        String said = log.text() + unknown.text();
        assertTrue(said.contains("http://127.0.0.1:" + proxy.port()), said);
        assertFalse(said.contains("pa55word") || said.contains("ZWRnZTpwYTU1d29yZA=="), said);
    }

    private String layer() {
        return "/v2/team/app/blobs/" + image.layer(0) + "?ns=r.example";
    }

    private Response get(String path) throws IOException {
        return RawHttp.get(registry.base(), path);
    }
}
