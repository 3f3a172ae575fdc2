package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.Overrides;
import io.ociregistry.oci.Digest;
import io.ociregistry.standalone.jetty.EmbeddedServer;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeIndex;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.web.admin.Reload;
import io.ociregistry.web.admin.ServerControl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** Lets an operator inspect and change a running server. */
@Timeout(60)
class AdministrationTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir
    Path dir;

    @Test
    void statusListsDownloadsInFlight() throws Exception {
        try (FakeUpstream upstream = FakeUpstream.start();
                RunningRegistry registry = RunningRegistry.start(registries(upstream), dir)) {
            Digest layer =
                    upstream.image("team/app", "1.0").layer(300_000).push().layer(0);
            Gate gate = upstream.holdBlobAfter(layer, 100_000);
            try (RawHttp client = RawHttp.connect(registry.base())) {
                client.send("GET", "/v2/team/app/blobs/" + layer + "?ns=r.example")
                        .read(100_000);
                JsonNode download = status(registry).path("downloads").path(0);
                assertEquals(layer.toString(), download.path("digest").asText());
                assertEquals("r.example", download.path("source").asText());
                assertEquals("[]", download.path("images").toString(), "no cached manifest names it");
                assertEquals(100_000, download.path("bytes").asLong());
                assertEquals(300_000, download.path("size").asLong());
                assertTrue(registry.operator()
                        .get("/cmd/status")
                        .text()
                        .contains("download " + layer + " from r.example: 100000 of 300000 bytes\n"));
                gate.release();
            }
        }
    }

    @Test
    void statusNamesImagesOfDownloadsInFlight() throws Exception {
        try (FakeUpstream upstream = FakeUpstream.start();
                RunningRegistry registry = RunningRegistry.start("prefetch: false\n" + registries(upstream), dir)) {
            FakeImage image = upstream.image("team/app").layer(300_000).push();
            FakeIndex index = upstream.index("team/app", "2.0", image);
            Digest layer = image.layer(0);
            get(registry, "/v2/team/app/manifests/" + image.digest() + "?ns=r.example");
            Gate gate = upstream.holdBlobAfter(layer, 100_000);
            try (RawHttp client = RawHttp.connect(registry.base())) {
                client.send("GET", "/v2/team/app/blobs/" + layer + "?ns=r.example")
                        .read(100_000);
                JsonNode download = status(registry).path("downloads").path(0);
                assertEquals(
                        "[\"r.example/team/app@" + image.digest() + "\"]",
                        download.path("images").toString());
                get(registry, "/v2/team/app/manifests/" + index.digest() + "?ns=r.example");
                get(registry, "/v2/team/app/manifests/2.0?ns=r.example");
                assertTrue(registry.operator()
                        .get("/cmd/status")
                        .text()
                        .contains("download " + layer + " from r.example for r.example/team/app:2.0: 100000 of"));
                gate.release();
            }
        }
    }

    @Test
    void statusListsDownAndLimitedUpstreamsWithoutSecrets() throws Exception {
        try (FakeUpstream down = FakeUpstream.start();
                FakeUpstream limiting = FakeUpstream.start();
                RunningRegistry registry = RunningRegistry.start(
                        registries(down) + "  auth: {user: me, password: geheim}\n- name: s.example\n  endpoint: "
                                + limiting.url() + "\n",
                        dir)) {
            down.refuseConnections();
            limiting.on(Match.anything()).always(Fault.status(429));
            get(registry, "/v2/a/manifests/1?ns=r.example");
            get(registry, "/v2/a/manifests/1?ns=s.example");
            JsonNode upstreams = status(registry).path("upstreams");
            assertEquals("down", upstreams.path(0).path("state").asText());
            assertEquals("limited", upstreams.path(1).path("state").asText());
            assertTrue(upstreams.path(0).path("configured").asBoolean());
            assertTrue(
                    upstreams.path(0).path("reason").asText().contains(down.url() + " is down"), upstreams::toString);
            assertTrue(upstreams.path(1).path("retrySeconds").asInt() > 0, upstreams::toString);
            assertFalse(registry.operator().get("/cmd/status").text().contains("geheim"));
        }
    }

    @Test
    void adminPortServesOnlyTheAdminApi() throws Exception {
        int port = freePort();
        try (RunningRegistry registry = RunningRegistry.start("admin: {port: " + port + "}\n", dir)) {
            assertEquals(404, registry.operator().get("/cmd/status").status());
            URI admin = URI.create("http://127.0.0.1:" + port);
            assertEquals(403, RawHttp.get(admin, "/cmd/status").status());
            assertEquals(200, registry.operator().at(admin).get("/cmd/status").status());
            assertEquals(200, RawHttp.get(admin, "/readyz").status());
            Response images = RawHttp.get(admin, "/v2/");
            assertEquals(404, images.status(), "it would be a way around clientAuth: verify");
            assertTrue(images.text().contains("request images on the other port"), images.text());
            assertEquals(200, get(registry, "/v2/").status());
        }
    }

    @Test
    void reloadAppliesLogLevelAndNamesKeysThatNeedRestart() throws Exception {
        Path file = dir.resolve("c.yaml");
        Reload.Source source = () -> new ConfigLoader(name -> Optional.empty()).load(file, Overrides.none());
        Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        Level before = root.getLevel();
        try (RunningRegistry registry = RunningRegistry.start(
                "logLevel: warn\n",
                dir.resolve("images"),
                context -> EmbeddedServer.start(
                        context.config(),
                        context,
                        new ServerControl(new Reload(context, source), Optional.empty(), OptionalInt.empty())))) {
            String same = "host: 127.0.0.1\nport: 0\nimagePath: " + dir.resolve("images") + "\n";
            Files.writeString(file, same + "logLevel: info\n");
            assertEquals(
                    "applied: logLevel\nwaiting for a restart: nothing\n",
                    registry.operator().ask("POST", "/cmd/reload").text());
            assertEquals(Level.INFO, root.getLevel());
            Files.writeString(file, same + "logLevel: info\nairGapped: true\n");
            assertEquals(
                    "applied: nothing\nwaiting for a restart: airGapped\n",
                    registry.operator().ask("POST", "/cmd/reload").text());
            assertEquals(
                    "{\"applied\":[],\"needRestart\":[\"airGapped\"],\"warnings\":[]}\n",
                    registry.operator()
                            .ask("POST", "/cmd/reload", "Accept: application/json")
                            .text());
            Files.writeString(file, same + "logLevel: debug\nairGaped: true\n");
            Response refused = registry.operator().ask("POST", "/cmd/reload");
            assertEquals(400, refused.status());
            assertTrue(refused.text().contains("airGaped: unknown key; did you mean airGapped?"), refused.text());
            assertEquals(Level.INFO, root.getLevel());
        } finally {
            root.setLevel(before);
        }
    }

    @Test
    void listsWarnAndPruneWaitsWhileIndexIsRead() throws Exception {
        RunningRegistry.start("", dir).close();
        Path links = dir.resolve("lists/links");
        Files.deleteIfExists(links);
        assertEquals(0, new ProcessBuilder("mkfifo", links.toString()).start().waitFor());
        // A reader of the pipe waits for as long as it is open for writing.
        FileChannel held = FileChannel.open(links, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try (RunningRegistry registry = RunningRegistry.start("pullTimeout: 300\n", dir)) {
            Response list = registry.operator().get("/cmd/manifest/list");
            assertEquals("no manifests found\n", list.text());
            String warning = String.valueOf(list.header("Warning"));
            assertTrue(warning.startsWith("299 - \"the index of the cache is still being read"), warning);
            assertFalse(status(registry).at("/cache/complete").asBoolean());
            assertTrue(registry.operator()
                    .get("/cmd/status")
                    .text()
                    .contains(", and more: its index is still being read"));
            CompletableFuture<Response> pruning = CompletableFuture.supplyAsync(() -> {
                try {
                    return registry.operator().ask("DELETE", "/cmd/prune?expr=a");
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            held.close();
            assertEquals(200, pruning.join().status());
            assertEquals(null, registry.operator().get("/cmd/manifest/list").header("Warning"));
            assertTrue(status(registry).at("/cache/complete").asBoolean());
        } finally {
            held.close();
        }
    }

    @Test
    void pruneIsPlannedFirstAndNeedsConfirmation() throws Exception {
        try (FakeUpstream upstream = FakeUpstream.start();
                RunningRegistry registry = RunningRegistry.start("prefetch: false\n" + registries(upstream), dir)) {
            upstream.image("team/old", "1.0").layer(10).push();
            upstream.image("team/new", "1.0").layer(10).push();
            get(registry, "/v2/team/old/manifests/1.0?ns=r.example");
            get(registry, "/v2/team/new/manifests/1.0?ns=r.example");
            String text = registry.operator()
                    .ask("DELETE", "/cmd/prune?type=pattern&expr=/old")
                    .text();
            assertTrue(text.startsWith("To be pruned (dry run, nothing was pruned):\nr.example/team/old:1.0  "), text);
            assertFalse(text.contains("team/new"), text);
            assertTrue(registry.operator().get("/cmd/manifest/list").text().contains("team/old"));
            String done;
            try (LogLines log = LogLines.of("io.ociregistry.web.admin.AdminPrune")) {
                done = registry.operator()
                        .ask("DELETE", "/cmd/prune?type=pattern&expr=/old&dryRun=false")
                        .text();
                assertEquals(
                        List.of("WARN pruned by a request of 127.0.0.1 at 127.0.0.1:"
                                + registry.base().getPort() + "\n" + done.strip()),
                        log.at("WARN"));
            }
            assertTrue(done.startsWith("Pruned:\nr.example/team/old:1.0  "), done);
            assertFalse(registry.operator().get("/cmd/manifest/list").text().contains("team/old"));
            String fits = registry.operator()
                    .ask("DELETE", "/cmd/prune?maxSize=300kB")
                    .text();
            assertTrue(fits.contains("Total: 0 names"), fits);
            JsonNode json = JSON.readTree(registry.operator()
                    .ask("POST", "/cmd/prune?type=created&dur=0s&count=-1", "Accept: application/json")
                    .body());
            assertTrue(json.path("isDryRun").asBoolean(), json::toString);
            assertEquals(1, json.path("names").size(), json::toString);
            assertEquals("r.example/team/new:1.0", json.at("/names/0/name").asText(), json::toString);
            assertEquals("chosen", json.at("/names/0/why").asText(), json::toString);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | unable to parse prune params: no parameter selects images",
                "?createdBefore=2026-03-01 | unable to parse prune params: createdBefore: '2026-03-01' is not a time",
                "?type=x | unable to parse prune params: type must be created, accessed or pattern",
                "?type=pattern | unable to parse prune params: expr is missing",
                "?type=pattern&expr= | unable to parse prune params: expr is missing",
                "?type=pattern&expr=a, | unable to parse prune params: expr: the pattern 'a,' has an empty part",
                "?type=created | unable to parse prune params: dur is missing",
                "?type=accessed&dur=1w | unable to parse prune params: dur: ",
                "?createdBefore=yesterday | unable to parse prune params: createdBefore: ",
                "?expr=a&count=x | unable to parse prune params: count: ",
                "?expr=a&maxSize=much | unable to parse prune params: maxSize: ",
                "?type=created&dur=30d&expr=a | unable to parse prune params: expr is not allowed with type=created",
                "?type=accessed&dur=30d&expr=a | unable to parse prune params: expr is not allowed with type=accessed",
                "?type=pattern&expr=a&dur=30d | unable to parse prune params: dur is not allowed with type=pattern; to",
                "?expr=a&dur=30d | unable to parse prune params: dur is only allowed with type=created or",
                "?expr=a&dryrun=false | unable to parse prune params: unknown parameter dryrun",
                "?expr=a&expr=b | unable to parse prune params: expr is given more than once",
                "?expr=a&dryRun=no | invalid dry run param: no",
                "?expr=a&dryRun= | invalid dry run param: ",
            })
    void unclearPruneRequestDoesNothing(String query, String message) throws Exception {
        try (RunningRegistry registry = RunningRegistry.start("", dir)) {
            Response refused = registry.operator().ask("DELETE", "/cmd/prune" + query);
            assertEquals(400, refused.status());
            String text = JSON.readTree(refused.body()).at("/errors/0/message").asText();
            assertTrue(text.startsWith(message), text);
        }
    }

    @Test
    void stopIsAnsweredBeforeServerStops() throws Exception {
        CountDownLatch stopped = new CountDownLatch(1);
        try (RunningRegistry registry = RunningRegistry.start(
                "",
                dir,
                context -> EmbeddedServer.start(
                        context.config(),
                        context,
                        new ServerControl(
                                ServerControl.fixed(context).reload(),
                                Optional.of(stopped::countDown),
                                OptionalInt.empty())))) {
            assertEquals(
                    "stopping\n", registry.operator().ask("POST", "/cmd/stop").text());
            assertTrue(stopped.await(10, TimeUnit.SECONDS));
        }
        try (RunningRegistry registry = RunningRegistry.start("", dir)) {
            assertEquals(403, registry.operator().ask("POST", "/cmd/stop").status());
        }
    }

    private static String registries(FakeUpstream upstream) {
        return "registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n";
    }

    private static JsonNode status(RunningRegistry registry) throws IOException {
        return JSON.readTree(registry.operator()
                .get("/cmd/status", "Accept: application/json")
                .body());
    }

    private static Response get(RunningRegistry registry, String path, String... headers) throws IOException {
        return RawHttp.get(registry.base(), path, headers);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
