package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.TestCertificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Shows operators, in the status and in the log, which upstreams work and why others do not. */
class UpstreamStatesTest extends Scenario {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir
    Path secrets;

    @BeforeEach
    void pushImage() throws Exception {
        upstream.image("team/app", "1.0").layer(100).push();
    }

    @Override
    protected String configuration() {
        return "prefetch: false\n";
    }

    @Test
    void workingUpstreamShowsLastSuccess() throws Exception {
        JsonNode before = state();
        assertTrue(before.path("lastSuccess").isNull(), before::toString);
        assertEquals(200, status(manifest("team/app", "1.0")));
        JsonNode state = state();
        assertEquals("up", state.path("state").asText());
        assertTrue(isRecent(state.path("lastSuccess").asText()), state::toString);
        assertTrue(state.path("lastError").isNull(), state::toString);
    }

    @Test
    void notFoundIsNoErrorOfUpstream() throws Exception {
        assertEquals(404, status(manifest("team/app", "none")));
        assertTrue(state().path("lastError").isNull());
    }

    @Test
    void privateRepositoryIsLastErrorButUpstreamIsUp() throws Exception {
        upstream.on(Match.manifest("private")).always(Fault.status(403));
        assertEquals(403, status(manifest("team/app", "private")));
        assertEquals("up", state().path("state").asText());
        assertLastError("upstream answered 403");
    }

    @Test
    void refusedCredentialsAreFailureUntilCorrected() throws Exception {
        upstream.requireBasic("robot", "right");
        Path password = Files.writeString(secrets.resolve("password"), "wrong");
        startWith("  auth: {user: robot, passwordFile: " + password + "}\n");
        assertEquals(403, status(manifest("team/app", "1.0")));
        JsonNode state = state();
        assertEquals("failing", state.path("state").asText(), state::toString);
        assertEquals(
                "registry r.example at " + upstream.url() + " refused the configured credentials for team/app,"
                        + " which are wrong or have expired: it answered 401",
                state.path("reason").asText());
        assertLastError("upstream answered 401");

        Files.writeString(password, "right");
        Await.until("accepted credentials", () -> status(manifest("team/app", "1.0")) == 200);
        assertEquals("up", state().path("state").asText());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'auth: {user: robot, passwordFile: /nonexistent/p}' | auth.passwordFile /nonexistent/p can't be used",
                "'auth: {dockerConfig: /nonexistent/config.json}' | auth.dockerConfig /nonexistent/config.json can't",
                "'auth: {credentialHelper: nonexistent}' | docker-credential-nonexistent",
                "'tls: {ca: /nonexistent/ca.pem}' | tls.ca /nonexistent/ca.pem can't be used"
            })
    void unusableFileIsFailure(String setting, String reason) throws Exception {
        upstream.requireBasic("robot", "right");
        try (FakeUpstream tls = FakeUpstream.startTls(TestCertificates.create().server())) {
            String endpoint = setting.startsWith("tls") ? "  endpoint: " + tls.url() + "\n" : "";
            startWith("- name: s.example\n" + (endpoint.isEmpty() ? "  endpoint: " + upstream.url() + "\n" : endpoint)
                    + "  " + setting + "\n");
            assertEquals(503, status("/v2/team/app/manifests/1.0?ns=s.example"));
            JsonNode state = states().path(1);
            assertEquals("failing", state.path("state").asText(), state::toString);
            assertTrue(state.path("reason").asText().contains(reason), state::toString);
        }
    }

    @Test
    void wrongSchemeIsFailure() throws Exception {
        upstream.on(Match.anything()).always(Fault.status(400));
        assertEquals(502, status(manifest("team/app", "1.0")));
        assertFailing("if that port uses TLS, its URL must start with https://");
        String text = registry.operator().get("/cmd/status").text();
        assertTrue(text.contains("upstream r.example: failing: GET manifest r.example/team/app:1.0"), text);
        assertTrue(text.contains("\n  registry " + upstream.url() + ": failing, no success yet, last error "), text);
    }

    @Test
    void refusedAddressIsFailure() throws Exception {
        assertEquals(403, status("/v2/team/app/manifests/1.0?ns=127.0.0.1:" + upstream.port()));
        JsonNode state = states().path(0);
        assertEquals("127.0.0.1:" + upstream.port(), state.path("registry").asText());
        assertEquals("failing", state.path("state").asText(), state::toString);
        assertEquals(0, upstream.connections());
    }

    @Test
    void operatorEndsPauseOfBreaker() throws Exception {
        assertEquals("no upstream is down\n", probe("").text());
        upstream.refuseConnections();
        // The schedule sends the first probe after 5 seconds.
        assertEquals(503, status(manifest("team/app", "1.0")));
        upstream.heal();
        assertEquals(
                "probing " + upstream.url() + " of r.example\n",
                probe("?registry=r.example").text());
        Await.until("up", () -> state().path("state").asText().equals("up"));
        assertEquals(200, status(manifest("team/app", "1.0")));
        Response unknown = probe("?registry=unknown.example");
        assertEquals(404, unknown.status());
        assertTrue(unknown.text().contains("can't be probed: it is not configured"), unknown.text());
        assertEquals(405, registry.operator().get("/cmd/upstreams/probe").status());
    }

    private Response probe(String query) throws IOException {
        return registry.operator().ask("POST", "/cmd/upstreams/probe" + query);
    }

    @Test
    void sourceThatAnsweredLastIsShown() throws Exception {
        try (FakeUpstream mirror = FakeUpstream.start()) {
            mirror.image("team/app", "1.0").layer(100).push();
            upstream.image("team/app", "2.0").layer(200).push();
            startWith("  mirrors: [\"" + mirror.url() + "\"]\n");
            assertEquals(200, status(manifest("team/app", "1.0")));
            assertEquals(mirror.url(), state().path("lastSource").asText());
            mirror.refuseConnections();
            assertEquals(200, status(manifest("team/app", "2.0")));
            JsonNode state = state();
            assertEquals(upstream.url(), state.path("lastSource").asText());
            assertEquals("up", state.path("state").asText());
            assertEquals(List.of("down", "up"), state.path("sources").findValuesAsText("state"));
            assertTrue(state.path("sources").path(0).path("mirror").asBoolean(), state::toString);
        }
    }

    @Test
    void outageIsLoggedOnceForAllBlobsAndRetries() throws Exception {
        List<RawHttp> clients = new ArrayList<>();
        try (LogLines log = LogLines.of("io.ociregistry")) {
            for (int i = 0; i < 4; i++) {
                FakeImage image =
                        upstream.image("team/app", "big" + i).layer(300_000 + i).push();
                Gate gate = upstream.holdBlobAfter(image.layer(0), 100_000);
                RawHttp client = RawHttp.connect(registry.base());
                clients.add(client);
                client.send("GET", blob("team/app", image.layer(0))).read(100_000);
                gate.awaitReached();
            }
            upstream.refuseConnections();
            upstream.resetConnections();
            Await.until("an outage", () -> log.text().contains("is down"));
            Await.until("retries of all blobs", () -> count(log, " is retried: ") >= 8);
            assertEquals(1, log.at("WARN").size(), log.text());
            assertTrue(
                    log.at("WARN").get(0).startsWith("WARN registry r.example at " + upstream.url() + " is down: "),
                    log.text());
            assertEquals(List.of(), log.at("ERROR"));

            upstream.heal();
            Await.until("the end of the outage", () -> log.text().contains("is back"));
            assertTrue(
                    log.at("INFO").stream().anyMatch(line -> line.endsWith(upstream.url() + " is back")), log.text());
            assertEquals("up", state().path("state").asText());
        } finally {
            for (RawHttp client : clients) {
                client.close();
            }
        }
    }

    private static long count(LogLines log, String text) {
        return log.text().lines().filter(line -> line.contains(text)).count();
    }

    private void assertFailing(String reason) throws IOException {
        JsonNode state = state();
        assertEquals("failing", state.path("state").asText(), state::toString);
        assertTrue(state.path("reason").asText().contains(reason), state::toString);
        assertLastError(reason);
    }

    private void assertLastError(String text) throws IOException {
        JsonNode error = state().path("lastError");
        assertTrue(error.path("text").asText().contains(text), error::toString);
        assertTrue(isRecent(error.path("time").asText()), error::toString);
    }

    private static boolean isRecent(String time) {
        return Instant.parse(time).plusSeconds(60).isAfter(Instant.now());
    }

    private JsonNode state() throws IOException {
        return states().path(states().size() - 1);
    }

    /** The states of all upstreams, by name. */
    private JsonNode states() throws IOException {
        return JSON.readTree(registry.operator()
                        .get("/cmd/status", "Accept: application/json")
                        .text())
                .path("upstreams");
    }
}
