package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.oci.Digest;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded.Kind;
import io.ociregistry.testing.ReloadedRegistry;
import io.ociregistry.web.admin.Reload;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Reloads the configuration while clients pull. */
@Timeout(60)
class ReloadTest {
    private static final String NO_PREFETCH = "prefetch: false\n";

    @TempDir
    Path dir;

    private FakeUpstream upstream;
    private FakeImage image;

    @BeforeEach
    void start() {
        upstream = FakeUpstream.start();
        image = upstream.image("team/app", "1.0").layer(300_000).push();
    }

    @AfterEach
    void stop() {
        upstream.close();
    }

    @Test
    void addedRegistryServesPullsAlsoByAlias() throws Exception {
        try (ReloadedRegistry registry = new ReloadedRegistry("unlistedRegistries: deny\n", dir)) {
            assertEquals(403, manifest(registry, "1.0").status());
            assertApplied(
                    "registries", registry.reload("unlistedRegistries: deny\n" + entry("  aliases: [s.example]\n")));
            assertArrayEquals(image.manifest(), manifest(registry, "1.0").body());
            assertArrayEquals(
                    image.layerBytes(0),
                    registry.get("/v2/s.example/team/app/blobs/" + image.layer(0))
                            .body());
        }
    }

    @Test
    void removedRegistryIsDeniedButItsCacheIsServed() throws Exception {
        upstream.image("team/app", "2.0").layer(10).push();
        try (ReloadedRegistry registry = new ReloadedRegistry(NO_PREFETCH + entry(""), dir)) {
            assertEquals(200, manifest(registry, "1.0").status());
            assertApplied(
                    "registries, unlistedRegistries", registry.reload(NO_PREFETCH + "unlistedRegistries: deny\n"));
            assertEquals(403, manifest(registry, "2.0").status());
            assertEquals(200, manifest(registry, "1.0").status());
        }
    }

    @Test
    void nextRequestUsesChangedPassword() throws Exception {
        upstream.requireBasic("me", "new");
        try (ReloadedRegistry registry = new ReloadedRegistry(entry(account("old")), dir)) {
            assertEquals(403, manifest(registry, "1.0").status());
            assertApplied("registries", registry.reload(entry(account("new"))));
            assertEquals(200, manifest(registry, "1.0").status());
        }
    }

    @Test
    void downloadInFlightCompletesWithItsOneRequest() throws Exception {
        List<String> changes = List.of(
                entry(account("other")),
                entry("  limits: {downloads: 1}\n"),
                "timeouts: {stall: 20s}\n" + entry(""),
                "registries:\n- name: r.example\n  endpoint: http://127.0.0.1:1\n",
                "unlistedRegistries: deny\n");
        try (ReloadedRegistry registry = new ReloadedRegistry(entry(""), dir)) {
            for (int i = 0; i < changes.size(); i++) {
                registry.reload(entry(""));
                Content content = Content.random(i, 300_000);
                Digest blob = upstream.blob("team/app", content);
                Gate gate = upstream.holdBlobAfter(blob, 100_000);
                try (RawHttp client = RawHttp.connect(registry.base())) {
                    Response body = client.send("GET", blob(blob));
                    byte[] start = body.read(100_000);
                    assertEquals(200, registry.reload(changes.get(i)).status());
                    gate.release();
                    assertArrayEquals(content.bytes(), whole(start, body));
                }
                assertEquals(1, upstream.requests(Match.blob(blob).get()).size(), changes.get(i));
            }
            // The replaced upstreams leave no connection.
            Await.until("the connections to end", () -> upstream.openConnections() == 0);
        }
    }

    @Test
    void brokenDownloadOfRemovedRegistryIsResumed() throws Exception {
        try (ReloadedRegistry registry = new ReloadedRegistry(entry(""), dir);
                RawHttp client = RawHttp.connect(registry.base())) {
            Gate gate = upstream.holdBlobAfter(image.layer(0), 100_000);
            Response body = client.send("GET", blob(image.layer(0)));
            byte[] start = body.read(100_000);
            assertEquals(200, registry.reload("unlistedRegistries: deny\n").status());
            upstream.resetConnections();
            gate.release();
            assertArrayEquals(image.layerBytes(0), whole(start, body));
        }
    }

    @Test
    void clientAfterReloadJoinsDownloadInFlight() throws Exception {
        try (ReloadedRegistry registry = new ReloadedRegistry(entry(""), dir);
                RawHttp first = RawHttp.connect(registry.base());
                RawHttp second = RawHttp.connect(registry.base())) {
            Gate gate = upstream.holdBlobAfter(image.layer(0), 100_000);
            Response body = first.send("GET", blob(image.layer(0)));
            body.read(100_000);
            registry.reload(entry("  limits: {downloads: 1}\n"));
            Response joined = second.send("GET", blob(image.layer(0)));
            byte[] head = joined.read(100_000);
            gate.release();
            assertArrayEquals(image.layerBytes(0), whole(head, joined));
            assertEquals(1, upstream.requests(Match.blob(image.layer(0)).get()).size());
        }
    }

    @Test
    void brokenFileChangesNothingAndIsReportedWithLine() throws Exception {
        List<String> broken = List.of(
                "registrys: []\n",
                "cache: {pins: ['(']}\n",
                "registries:\n- {name: r.example, auth: {user: a}}\n",
                "logFile: /none/log\n");
        try (ReloadedRegistry registry = new ReloadedRegistry(entry(""), dir)) {
            for (String more : broken) {
                Response refused = registry.reload("unlistedRegistries: deny\n" + more);
                assertEquals(400, refused.status());
                String text = refused.text();
                assertTrue(text.contains("nothing was changed"), text);
                assertTrue(text.matches("(?s).*(config.yaml:[67]: |/none/log can't be written).*"), text);
            }
            assertEquals(200, manifest(registry, "1.0").status());
        }
    }

    @Test
    void unchangedRegistryKeepsTokensConnectionsAndLimits() throws Exception {
        upstream.requireAnonymousBearer();
        try (ReloadedRegistry registry = new ReloadedRegistry(NO_PREFETCH + entry(""), dir)) {
            assertEquals(200, manifest(registry, "1.0").status());
            int connections = upstream.connections();
            registry.reload(NO_PREFETCH + entry("  aliases: [s.example]\n  tags: [{pattern: 1.0, policy: always}]\n"));
            assertEquals(200, manifest(registry, "1.0").status());
            assertEquals(1, upstream.requests(Match.manifest("1.0").head()).size(), "the tag has another rule now");
            assertEquals(1, upstream.requests(Match.of(Kind.TOKEN)).size());
            assertEquals(connections, upstream.connections());
            upstream.on(Match.manifests()).always(Fault.status(429).header("Retry-After", "60"));
            assertEquals(429, manifest(registry, "2.0").status());
            upstream.forgetRequests();
            registry.reload(NO_PREFETCH + entry(""));
            assertEquals(429, manifest(registry, "2.0").status());
            assertEquals(List.of(), upstream.requests());
        }
    }

    @Test
    void reloadClearsNegativeCacheAndSetsRateLimitStatus() throws Exception {
        try (FakeUpstream other = FakeUpstream.start();
                ReloadedRegistry registry = new ReloadedRegistry(NO_PREFETCH + entry(""), dir)) {
            assertEquals(404, manifest(registry, "2.0").status());
            FakeImage elsewhere = other.image("team/app", "2.0").layer(10).push();
            assertApplied(
                    "rateLimitStatus, registries",
                    registry.reload(NO_PREFETCH + "rateLimitStatus: 503\nregistries:\n- name: r.example\n  endpoint: "
                            + other.url() + "\n"));
            assertArrayEquals(elsewhere.manifest(), manifest(registry, "2.0").body());
            other.on(Match.manifests()).always(Fault.status(429));
            assertEquals(503, manifest(registry, "3.0").status());
        }
    }

    @Test
    void upstreamTimeoutsChange() throws Exception {
        Gate gate = upstream.hold(Match.manifest("1.0"));
        try (ReloadedRegistry registry = new ReloadedRegistry(entry(""), dir)) {
            assertApplied("timeouts", registry.reload("timeouts: {answer: 100ms}\n" + entry("")));
            assertEquals(504, manifest(registry, "1.0").status());
        } finally {
            gate.release();
        }
    }

    @Test
    void changedPinsApplyToNextPrune() throws Exception {
        try (ReloadedRegistry registry = new ReloadedRegistry(NO_PREFETCH + entry(""), dir)) {
            assertEquals(200, manifest(registry, "1.0").status());
            assertApplied("cache", registry.reload(NO_PREFETCH + "cache: {pins: [/app]}\n" + entry("")));
            prune(registry);
            assertTrue(isListed(registry, "team/app"));
            assertApplied("cache", registry.reload(NO_PREFETCH + entry("")));
            prune(registry);
            assertFalse(isListed(registry, "team/app"));
        }
    }

    @Test
    void backgroundPruneStartsAndStops() throws Exception {
        try (ReloadedRegistry registry = new ReloadedRegistry(NO_PREFETCH + entry(""), dir)) {
            assertEquals(200, manifest(registry, "1.0").status());
            String rule = "pruneConfig: {enabled: true, type: pattern, expr: /app, frequency: 1s}\n";
            assertApplied("pruneConfig", registry.reload(NO_PREFETCH + rule + entry("")));
            Await.until("the pruning", () -> !isListed(registry, "team/app"));
            assertApplied("pruneConfig", registry.reload(NO_PREFETCH + entry("")));
        }
    }

    @Test
    void cacheQuotaIsSetAndRemoved() throws Exception {
        try (ReloadedRegistry registry = new ReloadedRegistry(NO_PREFETCH + entry(""), dir)) {
            String bounded = NO_PREFETCH + "cache: {maxSize: 100KB, pins: [.]}\n" + entry("");
            assertApplied("cache", registry.reload(bounded));
            assertArrayEquals(
                    image.layerBytes(0), registry.get(blob(image.layer(0))).body());
            assertFalse(isHere(registry, image.layer(0)));
            assertApplied("cache", registry.reload(NO_PREFETCH + entry("")));
            assertArrayEquals(
                    image.layerBytes(0), registry.get(blob(image.layer(0))).body());
            Await.until("the blob", () -> isHere(registry, image.layer(0)));
        }
    }

    @Test
    void fiftyReloadsLeakNoThreadOrConnection() throws Exception {
        String always = "  tags: [{pattern: '*', policy: always}]\n";
        try (ReloadedRegistry registry = new ReloadedRegistry(NO_PREFETCH + entry(always), dir)) {
            for (int i = 0; i < 50; i++) {
                upstream.requireBasic("me", "password" + i);
                registry.reload(NO_PREFETCH + entry(always + account("password" + i)));
                assertEquals(200, manifest(registry, "1.0").status());
                Digest blob = upstream.blob("team/app", Content.random(i, 1000));
                assertEquals(200, registry.get(blob(blob)).status());
            }
            assertTrue(upstream.connections() >= 100, upstream.connections() + " connections");
            // The last configuration keeps its connections for later requests.
            Await.until("connections to end", () -> upstream.openConnections() <= 4);
            Await.until("threads to end", () -> threads("r.example-") <= 16);
            registry.reload(NO_PREFETCH + "unlistedRegistries: deny\n");
            Await.until("all connections to end", () -> upstream.openConnections() == 0);
            Await.until("all threads to end", () -> threads("r.example-") == 0);
        }
    }

    @Test
    void pageNamesReloadableKeys() throws Exception {
        String page = Files.readString(Path.of("docs/operations.md"));
        String atOnce = page.substring(page.indexOf("\nApplied at once:"), page.indexOf("\nWaiting for a restart:"));
        String later =
                page.substring(page.indexOf("\nWaiting for a restart:"), page.indexOf("\n- A registry whose entry"));
        for (Key<?> key : ServerKeys.ALL) {
            boolean isAppliedAtOnce = atOnce.contains("`" + key.name() + "`");
            assertEquals(key.isReloadable(), isAppliedAtOnce, key.name());
            boolean hasEffect = key.warning().isEmpty() && key != ServerKeys.HELLO_WORLD;
            assertEquals(!isAppliedAtOnce && hasEffect, later.contains("`" + key.name() + "`"), key.name());
        }
    }

    /** A value other than the default for each key that a reload can change without changing the log of this JVM. */
    private static final Map<Key<?>, String> CHANGES = Map.ofEntries(
            Map.entry(ServerKeys.IMAGE_PATH, "/elsewhere"),
            Map.entry(ServerKeys.TRUSTED_PROXIES, "10.0.0.1"),
            Map.entry(ServerKeys.PRELOAD_IMAGES, "list.txt"),
            Map.entry(ServerKeys.IMAGE_FILE, "list.txt"),
            Map.entry(ServerKeys.RESOLVE_REF, "r.example/app:1"),
            Map.entry(ServerKeys.HOST, "127.0.0.2"),
            Map.entry(ServerKeys.PORT, "1234"),
            Map.entry(ServerKeys.HEALTH, "1235"),
            Map.entry(ServerKeys.METRICS, "1236"),
            Map.entry(ServerKeys.OS, "plan9"),
            Map.entry(ServerKeys.ARCH, "mips"),
            Map.entry(ServerKeys.PULL_TIMEOUT, "5s"),
            Map.entry(ServerKeys.PLATFORM, "linux/s390x"),
            Map.entry(ServerKeys.PARALLEL, "7"),
            Map.entry(ServerKeys.WITH_REFERRERS, "true"),
            Map.entry(ServerKeys.ALWAYS_PULL_LATEST, "true"),
            Map.entry(ServerKeys.AIR_GAPPED, "true"),
            Map.entry(ServerKeys.DEFAULT_NS, "quay.io"),
            Map.entry(ServerKeys.REGISTRIES, "[{name: quay.io}]"),
            Map.entry(ServerKeys.UNLISTED_REGISTRIES, "deny"),
            Map.entry(ServerKeys.PRUNE_CONFIG, "{duration: 5d}"),
            Map.entry(ServerKeys.LIST_CONFIG, "{header: true}"),
            Map.entry(ServerKeys.SERVER_TLS_CONFIG, "{cert: c.pem, key: k.pem}"),
            Map.entry(ServerKeys.CLIENTS, "{token: token-of-the-clients}"),
            Map.entry(ServerKeys.MAX_MANIFEST_BYTES, "1MiB"),
            Map.entry(ServerKeys.PREFETCH, "false"),
            Map.entry(ServerKeys.SHUTDOWN_TIMEOUT, "3s"),
            Map.entry(ServerKeys.RATE_LIMIT_STATUS, "503"),
            Map.entry(ServerKeys.TIMEOUTS, "{connect: 1s}"),
            Map.entry(ServerKeys.CACHE, "{negativeTtl: 1s}"),
            Map.entry(ServerKeys.ADMIN, "{enabled: false}"));

    @Test
    void answerNamesEachChangedKeyAndSaysWhetherItIsApplied() throws Exception {
        ConfigLoader loader = new ConfigLoader(name -> Optional.empty());
        String images = "imagePath: '" + dir.resolve("images") + "'\n";
        List<Key<?>> keys = new ArrayList<>(ServerKeys.ALL);
        keys.removeIf(key -> key.warning().isPresent());
        keys.removeAll(
                List.of(ServerKeys.LOG_LEVEL, ServerKeys.LOG_FORMAT, ServerKeys.LOG_FILE, ServerKeys.HELLO_WORLD));
        for (Key<?> key : keys) {
            String yaml = key.name() + ": " + Objects.requireNonNull(CHANGES.get(key), key.name()) + "\n";
            String before = key == ServerKeys.IMAGE_PATH ? "" : images;
            ServerConfig start =
                    loader.parse(images, "c.yaml", Overrides.none()).config();
            try (RegistryContext context = RegistryContext.open(start)) {
                Reload.Outcome outcome =
                        new Reload(context, () -> loader.parse(before + yaml, "c.yaml", Overrides.none())).apply();
                List<String> named = List.of(key.name());
                assertEquals(key.isReloadable() ? named : List.of(), outcome.applied());
                assertEquals(key.isReloadable() ? List.of() : named, outcome.needRestart());
                assertEquals(
                        key.isReloadable(),
                        !start.get(key).equals(context.config().get(key)),
                        key.name());
            }
        }
    }

    private static long threads(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(name))
                .count();
    }

    private String entry(String more) {
        return "registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n" + more;
    }

    @Test
    void reloadKeepsAdminApiRule() throws Exception {
        try (ReloadedRegistry registry = new ReloadedRegistry("", dir)) {
            for (String admin : List.of("trustLoopback: true", "enabled: false", "token: another-token-of-the-file")) {
                assertEquals(
                        "applied: nothing\nwaiting for a restart: admin\n",
                        registry.reload("admin: {" + admin + "}\n").text());
                assertEquals(403, registry.get("/cmd/status").status());
                assertEquals(200, registry.operator().get("/cmd/status").status());
            }
        }
    }

    private static String account(String password) {
        return "  auth: {user: me, password: " + password + "}\n";
    }

    private static void assertApplied(String keys, Response answer) throws IOException {
        assertEquals("applied: " + keys + "\nwaiting for a restart: nothing\n", answer.text());
    }

    private static Response manifest(ReloadedRegistry registry, String tag) throws IOException {
        return registry.get("/v2/team/app/manifests/" + tag + "?ns=r.example");
    }

    private static String blob(Digest digest) {
        return "/v2/team/app/blobs/" + digest + "?ns=r.example";
    }

    private static byte[] whole(byte[] head, Response body) throws IOException {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.write(head);
        whole.write(body.body());
        return whole.toByteArray();
    }

    private static void prune(ReloadedRegistry registry) throws IOException {
        Response done = registry.operator().ask("DELETE", "/cmd/prune?type=pattern&expr=/app&dryRun=false");
        assertEquals(200, done.status());
    }

    private static boolean isListed(ReloadedRegistry registry, String repository) throws IOException {
        return registry.operator().get("/cmd/manifest/list").text().contains(repository);
    }

    private static boolean isHere(ReloadedRegistry registry, Digest digest) {
        return Files.exists(registry.imagePath().resolve("blobs").resolve(digest.hex()));
    }
}
