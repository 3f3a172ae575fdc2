package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RunningRegistry;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Logs each request once it is complete. */
@Timeout(60)
class AccessLogTest {
    private static final String NS = "?ns=r.example";

    @TempDir
    Path dir;

    private FakeUpstream upstream;
    private FakeImage image;
    private LogLines log;

    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        image = upstream.image("team/app", "1.0").layer(300_000).push();
        log = LogLines.of("io.ociregistry.access");
    }

    @AfterEach
    void stop() throws Exception {
        log.close();
        upstream.close();
    }

    private RunningRegistry registry(String yaml) throws Exception {
        return RunningRegistry.start(
                "registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n" + yaml, dir.resolve("images"));
    }

    @Test
    void lineHasReasonOfEachFailure() throws Exception {
        try (RunningRegistry registry = registry("unlistedRegistries: deny\n")) {
            upstream.on(Match.manifest("broken")).always(Fault.status(500));
            assertEnd(
                    registry,
                    "manifests/broken" + NS,
                    502,
                    "result=miss source=r.example user=-: GET manifest r.example/team/app:broken: upstream answered"
                            + " 500");
            assertEnd(
                    registry,
                    "manifests/none" + NS,
                    404,
                    "result=miss source=r.example user=-: GET manifest r.example/team/app:none: upstream answered 404");
            assertEnd(
                    registry,
                    "manifests/none" + NS,
                    404,
                    "result=negative source=cache user=-: GET manifest r.example/team/app:none: upstream answered 404");
            assertEnd(
                    registry,
                    "manifests/1?ns=other.example",
                    403,
                    "result=refused source=- user=-: other.example is not among the configured registries, .*");
            assertEnd(registry, "manifests/1", 404, "result=refused source=- user=-: .*registry.*");
            assertEnd(registry, "blobs/sha256:12" + NS, 400, "result=refused source=- user=-: .*sha256:12.*");
        }
    }

    @Test
    void airGappedMissSaysSo() throws Exception {
        try (RunningRegistry registry = registry("airGapped: true\n")) {
            assertEnd(
                    registry,
                    "manifests/1.0" + NS,
                    404,
                    "result=refused source=- user=-: r.example/team/app:1.0 is not cached, and this server is"
                            + " air-gapped, so it asks no upstream");
        }
    }

    @Test
    void lineTellsMissFromHit() throws Exception {
        try (RunningRegistry registry = registry("prefetch: false\n")) {
            for (String path : new String[] {"manifests/1.0", "blobs/" + image.layer(0), "tags/list"}) {
                assertEnd(registry, path + NS, 200, "result=miss source=r.example user=-");
                registry.awaitDownloads();
                assertEnd(registry, path + NS, 200, "result=hit source=cache user=-");
            }
        }
    }

    @Test
    void lineNamesMirrorThatSentTheContent() throws Exception {
        try (FakeUpstream mirror = FakeUpstream.start()) {
            mirror.image("team/app", "1.0").layer(300_000).push();
            try (RunningRegistry registry = RunningRegistry.start(
                    "prefetch: false\nregistries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n  mirrors: ['"
                            + mirror.url() + "']\n",
                    dir.resolve("images"))) {
                String url = Pattern.quote(mirror.url().toString().replaceFirst("/$", ""));
                assertEnd(registry, "manifests/1.0" + NS, 200, "result=miss source=" + url + " user=-");
                assertEnd(registry, "blobs/" + image.layer(0) + NS, 200, "result=miss source=" + url + " user=-");
            }
        }
    }

    @Test
    void staleAndRevalidatedTagsAreToldApart() throws Exception {
        try (RunningRegistry registry = registry("alwaysPullLatest: true\n")) {
            upstream.image("team/app", "latest").layer(10).push();
            assertEnd(registry, "manifests/latest" + NS, 200, "result=miss source=r.example user=-");
            assertEnd(registry, "manifests/latest" + NS, 200, "result=revalidated source=cache user=-");
            upstream.on(Match.manifest("latest")).always(Fault.status(500));
            assertEnd(registry, "manifests/latest" + NS, 200, "result=stale source=cache user=-");
        }
    }

    @Test
    void clientThatJoinsADownloadIsLogged() throws Exception {
        try (RunningRegistry registry = registry("prefetch: false\n")) {
            Digest layer = image.layer(0);
            Gate gate = upstream.holdBlobAfter(layer, 100_000);
            String path = "blobs/" + layer + NS;
            HttpURLConnection first = open(registry, path);
            gate.awaitReached();
            HttpURLConnection second = open(registry, path);
            gate.release();
            assertEquals(300_000, first.getInputStream().readAllBytes().length);
            assertEquals(300_000, second.getInputStream().readAllBytes().length);
            Await.until("both are logged", () -> log.text().split(" result=", -1).length == 3);
            assertTrue(log.text().contains(" result=miss source=r.example "), log.text());
            assertTrue(log.text().contains(" result=joined source=r.example "), log.text());
        }
    }

    @Test
    void lineNamesUserAndNeverCredentials() throws Exception {
        Path users = Files.writeString(
                dir.resolve("users"),
                "node:" + OpenBSDBCrypt.generate("2y", "geheim".toCharArray(), new byte[16], 4) + "\n");
        try (RunningRegistry registry =
                registry("clients: {htpasswd: '" + users + "', token: 0123456789abcdef0123}\n")) {
            String path = "manifests/1.0" + NS;
            assertEnd(registry, path, 401, "result=refused source=- user=-: the client sent no credentials");
            assertEnd(
                    registry,
                    path,
                    401,
                    "result=refused source=- user=-: the password of \"node\" is wrong, or there is no such user",
                    basic("node", "falsch"));
            assertEnd(
                    registry,
                    path,
                    401,
                    "result=refused source=- user=-: the token is wrong",
                    "Authorization: Bearer 999999");
            assertEnd(registry, path, 200, "result=miss source=r.example user=node", basic("node", "geheim"));
            assertEnd(
                    registry,
                    path,
                    200,
                    "result=hit source=cache user=token",
                    "Authorization: Bearer 0123456789abcdef0123");
            for (String secret : new String[] {"geheim", "falsch", "999999", "0123456789abcdef0123"}) {
                assertFalse(log.text().contains(secret), log.text());
            }
        }
    }

    @Test
    void trustedProxyNamesTheClient() throws Exception {
        try (RunningRegistry registry = registry("trustedProxies: [127.0.0.0/8, 10.9.0.1]\n")) {
            assertClient(registry, "192.0.2.7", "X-Forwarded-For: 192.0.2.7");
            assertClient(registry, "192.0.2.7", "X-Forwarded-For: 203.0.113.1, 192.0.2.7, 10.9.0.1");
            assertClient(registry, "2001:db8:0:0:0:0:0:7", "X-Forwarded-For: [2001:db8::7]:4711");
            assertClient(registry, "192.0.2.8", "X-Forwarded-For: 192.0.2.8:80");
            assertClient(registry, "10.9.0.1", "X-Forwarded-For: unknown, 10.9.0.1");
            assertClient(registry, "127.0.0.1", "X-Forwarded-For: a\"b");
        }
    }

    @Test
    void addressFromUntrustedPeerIsIgnored() throws Exception {
        try (RunningRegistry registry = registry("")) {
            assertClient(registry, "127.0.0.1", "X-Forwarded-For: 192.0.2.7");
        }
    }

    private void assertClient(RunningRegistry registry, String client, String header) throws Exception {
        assertEnd(registry, "manifests/1.0" + NS, 200, "result=[a-z]+ source=[^ ]+ user=-", header);
        String line = lines().get(lines().size() - 1);
        assertTrue(line.contains("ms " + client + " \"-\" "), line);
    }

    /** Sends a request, and compares the end of its line with a regular expression. */
    private void assertEnd(RunningRegistry registry, String path, int status, String end, String... headers)
            throws Exception {
        int before = lines().size();
        assertEquals(
                status,
                RawHttp.get(registry.base(), "/v2/team/app/" + path, headers).status());
        Await.until("the request is logged", () -> lines().size() == before + 1);
        String line = lines().get(before);
        assertTrue(Pattern.matches("INFO GET [^ ]+ " + status + " [0-9]+B [0-9]+ms [^ ]+ \"-\" " + end, line), line);
    }

    /** Returns the lines of the requests of this test. */
    private List<String> lines() {
        return log.at("INFO").stream()
                .filter(line -> line.contains(" /v2/team/app/"))
                .toList();
    }

    /** Returns once the headers of the answer have arrived. */
    private static HttpURLConnection open(RunningRegistry registry, String path) throws Exception {
        HttpURLConnection connection = (HttpURLConnection)
                registry.base().resolve("/v2/team/app/" + path).toURL().openConnection();
        assertEquals(200, connection.getResponseCode());
        return connection;
    }

    private static String basic(String user, String password) {
        byte[] pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
        return "Authorization: Basic " + Base64.getEncoder().encodeToString(pair);
    }
}
