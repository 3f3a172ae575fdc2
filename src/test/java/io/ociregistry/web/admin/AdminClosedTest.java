package io.ociregistry.web.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.standalone.jetty.EmbeddedServer;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Operator;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests to every path of the admin API with every method from this machine, with and without the token. */
@Timeout(60)
class AdminClosedTest {
    private static final String EVERYTHING = "?type=pattern&expr=.&count=-1&dryRun=false";
    private static final String LIST = "r.example/team/other:1.0\n";
    private static final List<String> METHODS =
            Stream.concat(AdminTable.METHODS.stream(), Stream.of("TRACE")).toList();

    @TempDir
    Path dir;

    private final FakeUpstream upstream = FakeUpstream.start();
    private final AtomicInteger reloads = new AtomicInteger();
    private final AtomicInteger stops = new AtomicInteger();

    @BeforeEach
    void push() {
        upstream.image("team/app", "1.0").layer(10).push();
        upstream.image("team/other", "1.0").seed(2).layer(10).push();
    }

    @AfterEach
    void close() {
        upstream.close();
    }

    @Test
    void loopbackWithoutATokenIsDeniedAndChangesNothing() throws Exception {
        try (RunningRegistry registry = start("")) {
            assertRefused(403, registry);
            assertUnchanged(registry);
        }
    }

    @Test
    void disabledApiAnswersNotFound() throws Exception {
        try (RunningRegistry registry = start("admin: {enabled: false}\n")) {
            assertRefused(404, registry);
            Response answer = RawHttp.get(registry.base(), "/cmd/status");
            assertTrue(answer.text().contains("admin.enabled: false"), answer.text());
            assertFalse(Files.exists(dir.resolve("admin-token")));
        }
    }

    @Test
    void healthNeedsNoToken() throws Exception {
        for (String admin : List.of("", "admin: {enabled: false}\n")) {
            try (RunningRegistry registry = start(admin)) {
                for (String path : List.of("/livez", "/readyz", "/health")) {
                    assertEquals(200, RawHttp.get(registry.base(), path).status(), path);
                }
            }
        }
    }

    @Test
    void tokenAllowsEveryRoute() throws Exception {
        try (RunningRegistry registry = start("")) {
            Operator operator = registry.operator();
            for (var path : table(registry).entrySet()) {
                for (String method : METHODS) {
                    String query = path.getKey().equals("/cmd/log-level") ? "?level=info" : EVERYTHING;
                    Response answer = operator.send(LIST, method, path.getKey() + query);
                    int expected = path.getValue().contains(method) ? 200 : 405;
                    assertEquals(expected, answer.status(), () -> method + " " + path.getKey() + ": " + answer);
                }
            }
            assertEquals(1, reloads.get());
            assertEquals(1, stops.get());
        }
    }

    @Test
    void trustLoopbackIsTheRuleOfOlderVersions() throws Exception {
        try (RunningRegistry registry = start("admin: {trustLoopback: true}\n")) {
            assertEquals(200, RawHttp.get(registry.base(), "/cmd/status").status());
            assertEquals(
                    403,
                    RawHttp.get(registry.base(), "/cmd/status", "X-Forwarded-For: 127.0.0.1")
                            .status());
            assertEquals(
                    200,
                    registry.operator()
                            .get("/cmd/status", "X-Forwarded-For: 127.0.0.1")
                            .status());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"})
    void pageOfAnotherSiteMayNotActWithoutAToken(String header) throws Exception {
        try (RunningRegistry registry = start("admin: {trustLoopback: true}\n")) {
            for (String path : List.of("/cmd/prune" + EVERYTHING, "/cmd/load", "/cmd/reload", "/cmd/stop")) {
                try (RawHttp client = RawHttp.connect(registry.base())) {
                    Response answer =
                            client.sendWithBody(LIST, "POST", path, header, "Content-Length: " + LIST.length());
                    assertEquals(403, answer.status(), path);
                    assertTrue(answer.text().contains("a web page of another site"), answer.text());
                }
            }
            assertUnchanged(registry);
        }
    }

    @Test
    void tokenSurvivesARestart() throws Exception {
        try (RunningRegistry registry = start("")) {
            Operator operator = registry.operator();
            registry.restart();
            assertEquals(operator.token(), registry.operator().token());
            assertEquals(200, operator.at(registry.base()).get("/cmd/status").status());
        }
    }

    @Test
    void commandThatOpensTheCacheMakesNoToken() throws Exception {
        start("").close();
        Files.delete(dir.resolve("admin-token"));
        RegistryContext.open(ServerConfig.defaults().with(ServerKeys.IMAGE_PATH, dir))
                .close();
        assertFalse(Files.exists(dir.resolve("admin-token")));
    }

    @Test
    void readOnlyCacheWithoutTokenIsRefusedWithAdvice() throws Exception {
        start("").close();
        String token = Files.readString(dir.resolve("admin-token")).strip();
        Files.move(dir.resolve("admin-token"), dir.resolve("moved"));
        // A directory, because root may open every file.
        Files.deleteIfExists(dir.resolve(".lock"));
        Files.createDirectory(dir.resolve(".lock"));
        try (LogLines log = LogLines.of("io.ociregistry.access.AdminToken");
                RunningRegistry registry = start("")) {
            Response answer = new Operator(registry.base(), token).get("/cmd/status");
            assertEquals(403, answer.status());
            assertTrue(answer.text().contains("its log says why"), answer.text());
            assertEquals(200, RawHttp.get(registry.base(), "/readyz").status());
            String line = log.at("ERROR").get(0);
            assertTrue(line.contains("the admin API is closed"), line);
            assertTrue(line.contains(dir.resolve("admin-token").toString()), line);
            assertTrue(line.contains("read-only") && line.contains("admin.tokenFile"), line);
        }
        Files.move(dir.resolve("moved"), dir.resolve("admin-token"));
        try (RunningRegistry registry = start("")) {
            assertEquals(200, registry.operator().get("/cmd/status").status());
        }
    }

    @Test
    void logNamesTheFileAndNeverTheToken() throws Exception {
        try (LogLines log = LogLines.of("io.ociregistry");
                RunningRegistry registry = start("")) {
            Operator operator = registry.operator();
            operator.get("/cmd/status");
            operator.get("/cmd/status?token=" + operator.token());
            RawHttp.get(registry.base(), "/cmd/status", operator.authorization() + "x");
            assertTrue(log.text().contains(dir.resolve("admin-token").toString()), log.text());
            assertFalse(log.text().contains(operator.token()), log.text());
        }
    }

    private void assertRefused(int status, RunningRegistry registry) throws IOException {
        for (String path : table(registry).keySet()) {
            for (String method : METHODS) {
                for (String header : List.of("Accept: */*", "Authorization: Bearer 0123456789abcdef")) {
                    try (RawHttp client = RawHttp.connect(registry.base())) {
                        Response answer = client.sendWithBody(
                                LIST, method, path + EVERYTHING, header, "Content-Length: " + LIST.length());
                        assertEquals(status, answer.status(), () -> method + " " + path + " with " + header);
                    }
                }
            }
        }
    }

    private void assertUnchanged(RunningRegistry registry) throws IOException {
        String list = registry.operator().get("/cmd/manifest/list").text();
        assertTrue(list.contains("team/app") && !list.contains("team/other"), list);
        assertEquals(0, reloads.get());
        assertEquals(0, stops.get());
    }

    private static Map<String, List<String>> table(RunningRegistry registry) {
        return AdminTable.of(registry.context());
    }

    /** A server with one image in its cache. */
    private RunningRegistry start(String admin) throws Exception {
        RunningRegistry registry = RunningRegistry.start(
                admin + "prefetch: false\nregistries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n",
                dir,
                context -> {
                    Reload.Source source = () -> {
                        reloads.incrementAndGet();
                        return new ConfigLoader.Result(context.config(), List.of());
                    };
                    return EmbeddedServer.start(
                            context.config(),
                            context,
                            new ServerControl(
                                    new Reload(context, source),
                                    Optional.of(stops::incrementAndGet),
                                    OptionalInt.empty()));
                });
        assertEquals(
                200,
                RawHttp.get(registry.base(), "/v2/team/app/manifests/1.0?ns=r.example")
                        .status());
        return registry;
    }
}
