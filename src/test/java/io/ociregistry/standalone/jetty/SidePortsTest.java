package io.ociregistry.standalone.jetty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.testing.RawHttp;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ports of their own for health checks and metrics. */
@Timeout(60)
class SidePortsTest {
    private static final int SLOW_CLIENTS = 2000;

    @TempDir
    private Path images;

    private URI health;
    private URI metrics;
    private RegistryContext context;
    private EmbeddedServer server;
    private final List<RawHttp> clients = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        int healthPort = freePort();
        int metricsPort = freePort();
        health = URI.create("http://127.0.0.1:" + healthPort);
        metrics = URI.create("http://127.0.0.1:" + metricsPort);
        var config = ServerConfig.defaults()
                .with(ServerKeys.IMAGE_PATH, images)
                .with(ServerKeys.HOST, "127.0.0.1")
                .with(ServerKeys.PORT, 0)
                .with(ServerKeys.HEALTH, healthPort)
                .with(ServerKeys.METRICS, metricsPort);
        context = RegistryContext.open(config);
        server = EmbeddedServer.start(config, context);
    }

    private static int freePort() throws Exception {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @AfterEach
    void stop() throws Exception {
        for (RawHttp client : clients) {
            client.close();
        }
        server.stop(Duration.ZERO);
        context.close();
    }

    private URI main() {
        return URI.create("http://127.0.0.1:" + server.port());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/livez", "/readyz", "/startupz", "/health"})
    void healthIsAnsweredOnBothPorts(String path) throws Exception {
        assertEquals("ok\n", RawHttp.get(health, path).text());
        assertEquals("ok\n", RawHttp.get(main(), path).text());
        assertEquals(200, RawHttp.head(health, path).status());
        assertEquals(405, RawHttp.exchange(health, "POST", path).status());
    }

    @Test
    void detailShowsTheStateOfTheDisk() throws Exception {
        assertEquals("""
            [+] the cache can be read
            [+] the cache can be written
            [+] every file in the cache can be read
            ok
            """, RawHttp.get(health, "/readyz?verbose").text());
    }

    @Test
    void metricsNeedNoTokenOnTheirOwnPort() throws Exception {
        assertTrue(RawHttp.get(metrics, "/metrics").text().contains("ociregistry_build_info"));
        assertEquals(403, RawHttp.get(main(), "/metrics").status());
    }

    @Test
    void sidePortServesNothingElse() throws Exception {
        assertEquals(404, RawHttp.get(health, "/metrics").status());
        assertEquals(404, RawHttp.get(health, "/v2/").status());
        assertEquals(404, RawHttp.get(metrics, "/livez").status());
        assertEquals(404, RawHttp.get(metrics, "/cmd/status").status());
    }

    @Test
    void healthIsAnsweredWhileManyClientsAreSlow() throws Exception {
        for (int i = 0; i < SLOW_CLIENTS; i++) {
            RawHttp client = RawHttp.connect(main());
            clients.add(client);
            client.write("GET /v2/ HTTP/1.1\r\nHost: a\r\n");
        }
        long start = System.nanoTime();
        assertEquals("ok\n", RawHttp.get(health, "/readyz").text());
        assertTrue(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start) < 2);
    }

    @Test
    void readinessFailsIfTheImagePathIsGone() throws Exception {
        Files.move(images, images.resolveSibling(images.getFileName() + "-moved"));
        try {
            assertEquals(503, RawHttp.get(health, "/readyz").status());
            assertEquals(503, RawHttp.get(health, "/startupz").status());
            assertEquals(200, RawHttp.get(health, "/livez").status());
        } finally {
            Files.move(images.resolveSibling(images.getFileName() + "-moved"), images);
        }
    }

    @Test
    void portInUseIsRefusedWithTheNameOfItsOption() throws Exception {
        var config = context.config().with(ServerKeys.METRICS, 0);
        var failure = assertThrows(StartException.class, () -> EmbeddedServer.start(config, context));
        assertEquals(
                "cannot listen on 127.0.0.1:" + health.getPort()
                        + ": another program uses this port; choose another port with --health",
                failure.getMessage());
    }
}
