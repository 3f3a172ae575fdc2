package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ServerKeys;
import io.ociregistry.standalone.jetty.EmbeddedServer;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs chains of servers, and servers that are mirrors of each other. */
@Timeout(60)
class LoopsTest {
    private final FakeUpstream origin = FakeUpstream.start();

    @TempDir
    Path disk;

    @AfterEach
    void stop() {
        origin.close();
    }

    @Test
    void mutualMirrorsReportMissingContent() throws Exception {
        int first = freePort();
        int second = freePort();
        try (RunningRegistry a = server("a", first, mirror(second));
                RunningRegistry b = server("b", second, mirror(first))) {
            FakeImage image = origin.image("team/app", "1.0").layer(1000).push();
            assertEquals(404, get(a, "manifests/2.0").status());
            assertEquals(2, origin.requests(Match.manifest("2.0")).size(), "each of them asked once");
            assertArrayEquals(image.manifest(), get(a, "manifests/1.0").body());
            assertArrayEquals(
                    image.layerBytes(0), get(a, "blobs/" + image.layer(0)).body());
            assertEquals(1, origin.requests(Match.manifest("1.0").get()).size());
            assertEquals(1, origin.requests(Match.blob(image.layer(0)).get()).size());
            origin.refuseConnections();
            assertArrayEquals(image.manifest(), get(b, "manifests/1.0").body());
            Response unknown = get(a, "manifests/3.0");
            assertEquals(503, unknown.status());
            assertTrue(unknown.text().contains("127.0.0.1:" + second), unknown.text());
        }
    }

    @Test
    void loopedRequestIsServedOnlyFromCache() throws Exception {
        FakeImage image = origin.image("team/app", "1.0").layer(1000).push();
        try (RunningRegistry server = server("a", freePort(), "")) {
            get(server, "manifests/1.0");
            String own = origin.requests().get(0).header("Via").orElseThrow();
            assertTrue(own.matches("1\\.1 ociregistry-[0-9a-f]{16}"), own);
            origin.forgetRequests();
            assertEquals(
                    200, get(server, "manifests/1.0", "Via: 1.1 other, " + own).status());
            for (String unknown : List.of("manifests/2.0", "blobs/" + image.layer(0), "referrers/" + image.layer(0))) {
                Response loop = get(server, unknown, "Via: 1.0 proxy (a, b), " + own + ", 1.1 other");
                assertEquals(508, loop.status(), unknown + ": " + loop.text());
                assertTrue(loop.text().contains("loop"), loop.text());
            }
            Response tags = get(server, "tags/list", "Via: " + own);
            assertTrue(String.valueOf(tags.header("Warning")).contains("loop"), tags + "");
            assertEquals(List.of(), origin.requests());
        }
    }

    @Test
    void requestThroughTooManyServersIsServedOnlyFromCache() throws Exception {
        origin.image("team/app", "1.0").push();
        try (RunningRegistry server = server("a", freePort(), "")) {
            assertEquals(508, get(server, "manifests/1.0", "Via: " + hops(11)).status());
            assertEquals(List.of(), origin.requests());
            assertEquals(200, get(server, "manifests/1.0", "Via: " + hops(10)).status());
        }
    }

    @Test
    void chainOfServersSendsOneRequestWithOwnNames() throws Exception {
        int near = freePort();
        int far = freePort();
        FakeImage image = origin.image("team/app", "1.0").layer(300_000).push();
        try (RunningRegistry edge = server("edge", near, mirror(far));
                RunningRegistry depot = server("depot", far, "")) {
            assertArrayEquals(
                    image.manifest(),
                    get(edge, "manifests/1.0", "Via: 1.0 squid.corp.example:3128 (squid/4.1), 1.1 ociregistry-geheim")
                            .body());
            assertArrayEquals(
                    image.layerBytes(0), get(edge, "blobs/" + image.layer(0)).body());
            assertFalse(get(depot, "manifests/1.0").text().isEmpty());
        }
        List<Recorded> manifests = origin.requests(Match.manifest("1.0"));
        assertEquals(1, manifests.size());
        assertTrue(
                manifests
                        .get(0)
                        .header("Via")
                        .orElse("")
                        .matches("(1\\.1 somebody, ){2}1\\.1 ociregistry-[0-9a-f]{16}, 1\\.1 ociregistry-[0-9a-f]{16}"),
                manifests.get(0).header("Via").toString());
        assertEquals(1, origin.requests(Match.blob(image.layer(0)).get()).size());
    }

    @Test
    void backgroundFetchNamesOnlyThisServer() throws Exception {
        FakeImage image = origin.image("team/app", "1.0").layer(1000).push();
        try (RunningRegistry server = server("a", freePort(), "prefetch: true\n")) {
            get(server, "manifests/1.0", "Via: 1.1 client");
            Response layer = get(server, "blobs/" + image.layer(0));
            assertArrayEquals(image.layerBytes(0), layer.body());
        }
        Recorded blob = origin.requests(Match.blob(image.layer(0)).get()).get(0);
        assertFalse(
                blob.header("Via").orElseThrow().contains("somebody"),
                blob.header("Via").toString());
    }

    private RunningRegistry server(String name, int port, String more) throws Exception {
        boolean prefetches = more.startsWith("prefetch");
        String yaml = "registries:\n- name: r.example\n  endpoint: " + origin.url() + "\n" + (prefetches ? "" : more)
                + "prefetch: " + prefetches + "\ncache: {negativeTtl: 0s}\n";
        return RunningRegistry.start(
                yaml,
                disk.resolve(name),
                context -> EmbeddedServer.start(context.config().with(ServerKeys.PORT, port), context));
    }

    private static String mirror(int port) {
        return "  mirrors: ['http://127.0.0.1:" + port + "']\n";
    }

    private static String hops(int count) {
        return String.join(", ", Stream.generate(() -> "1.1 proxy").limit(count).toList());
    }

    private static Response get(RunningRegistry server, String what, String... headers) throws IOException {
        return RawHttp.get(server.base(), "/v2/team/app/" + what + "?ns=r.example", headers);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
