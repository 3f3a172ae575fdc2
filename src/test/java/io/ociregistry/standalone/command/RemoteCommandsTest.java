package io.ociregistry.standalone.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.standalone.Main;
import io.ociregistry.testing.ChildJvm;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.RunningRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Commands through a server that uses the cache, and the refusal of commands beside it. */
@Timeout(60)
class RemoteCommandsTest {
    @TempDir
    Path dir;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private FakeUpstream upstream;
    private RunningRegistry registry;
    private FakeImage image;

    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        image = upstream.image("team/app", "1.0").layer(300_000).push();
        registry =
                RunningRegistry.start("registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n", images());
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
    }

    @Test
    void localLoadBesideServerIsRefusedWithRemedy() throws Exception {
        assertEquals(
                1, run("load", "--image-file", list("r.example/team/app:1.0"), "--image-path", images().toString()));
        String message = errors();
        assertTrue(message.contains("is in use by"), message);
        assertTrue(message.contains("pid " + ProcessHandle.current().pid() + ", ociregistry "), message);
        assertTrue(message.contains("--server URL"), message);
    }

    @Test
    void serverLoadsAndCommandReports() throws Exception {
        assertEquals(1, load("r.example/team/app:1.0\nr.example/team/none:1.0\n", "--platform", "linux/amd64"));
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertTrue(lines.contains("loading r.example/team/app:1.0"), lines::toString);
        assertTrue(
                lines.stream().anyMatch(line -> line.startsWith("loaded r.example/team/app:1.0: 300.2 kB in ")),
                lines::toString);
        assertTrue(
                lines.stream().anyMatch(line -> line.startsWith("1 loaded, 0 already there, 1 failed; 300.2 kB in ")),
                lines::toString);
        assertTrue(errors().contains("not loaded: r.example/team/none:1.0: "), errors());
        upstream.forgetRequests();
        assertEquals(0, load("r.example/team/app:1.0\n", "--json"), this::errors);
        assertEquals(List.of(), upstream.requests());
        Response blob = RawHttp.get(registry.base(), "/v2/team/app/blobs/" + image.layer(0) + "?ns=r.example");
        assertEquals(300_000, blob.body().length);
    }

    @Test
    void statusHasProgressAndResultOfLoad() throws Exception {
        Gate gate = upstream.holdBlobAfter(image.layer(0), 100_000);
        String list = "# ours\r\nr.example/team/app:1.0\r\n";
        try (RawHttp client = RawHttp.connect(registry.base())) {
            Response answer = registry.operator()
                    .send(client, list, "POST", "/cmd/load?platform=all", "Accept: application/json");
            assertEquals(200, answer.status());
            assertEquals("application/x-ndjson", answer.header("Content-Type"));
            String first = "{\"event\":\"started\",\"image\":\"r.example/team/app:1.0\"}\n";
            assertEquals(first, new String(answer.read(first.length()), StandardCharsets.UTF_8));
            gate.release();
            List<String> rest =
                    answer.text().lines().filter(line -> !line.isBlank()).toList();
            assertTrue(answer.complete());
            JsonNode last = JsonMapper.builder().build().readTree(rest.get(rest.size() - 1));
            assertEquals("summary", last.path("event").asText());
            assertEquals(1, last.path("loaded").asInt());
        }
        Response text = post("/cmd/load", "r.example/team/app:1.0\n");
        assertEquals(
                "already there: r.example/team/app:1.0\nok: 0 loaded, 1 already there, 0 failed; 0 bytes\n",
                text.text());
    }

    @Test
    void loadContinuesAfterItsClientDisconnects() throws Exception {
        Gate gate = upstream.holdBlobAfter(image.layer(0), 100_000);
        String list = "r.example/team/app:1.0\n";
        try (RawHttp client = RawHttp.connect(registry.base())) {
            registry.operator().send(client, list, "POST", "/cmd/load").read(10);
            gate.awaitReached();
        }
        CompletableFuture<Response> joined = CompletableFuture.supplyAsync(() -> postUnchecked(list));
        gate.release();
        assertTrue(
                joined.get(20, TimeUnit.SECONDS).text().contains("\nok: ")
                        || joined.get().text().startsWith("ok: "),
                () -> joined.join().toString());
        assertEquals(
                1, upstream.requestsTo("/v2/team/app/blobs/" + image.layer(0)).size());
    }

    @Test
    void invalidListIsRefused() throws Exception {
        assertEquals(400, post("/cmd/load", "# nothing\n").status());
        assertEquals(
                400, post("/cmd/load?platform=x", "r.example/team/app:1.0\n").status());
        assertEquals(
                400, post("/cmd/load?parallel=0", "r.example/team/app:1.0\n").status());
        assertTrue(post("/cmd/load", "no name\n").text().startsWith("not loaded: line:1: "));
    }

    @Test
    void refusedBodyIsReadSoThatItsClientGetsTheAnswer() throws Exception {
        String body = "blobs\0\n".repeat(590_000);
        Response response = post("/cmd/load", body);
        assertEquals(400, response.status());
        assertTrue(response.text().contains("the body is neither a list of images nor an archive"), response.text());
        assertEquals(400, post("/cmd/load?parallel=0", body).status());
        assertEquals(400, post("/cmd/load", "a/b\n".repeat(1_000_000)).status());
    }

    @Test
    void invalidLineIsNamedByFileAndLine() throws Exception {
        assertEquals(1, load("# ours\n\nr.example/team/app:1.0\nno name\n"));
        assertTrue(errors().contains(dir.resolve("list") + ":4: "), errors());
    }

    @Test
    void serverListsSameAsDisk() throws Exception {
        assertEquals(0, load("r.example/team/app:1.0\n", "--quiet"), this::errors);
        for (String output : List.of("table", "wide", "json")) {
            out.reset();
            assertEquals(
                    0,
                    run("list", "--output", output, "--pattern", "team,x", "--image-path", images().toString()),
                    this::errors);
            String onDisk = out.toString(StandardCharsets.UTF_8);
            assertTrue(onDisk.contains("r.example/team/app"), onDisk);
            out.reset();
            assertEquals(0, ask("list", "--output", output, "--pattern", "team,x"), this::errors);
            assertEquals(onDisk, out.toString(StandardCharsets.UTF_8));
        }
    }

    @Test
    void serverPrunesAsDryRunReported() throws Exception {
        assertEquals(0, load("r.example/team/app:1.0\n", "--quiet"), this::errors);
        String[] prune = {"prune", "--pattern", "team/", "--date", "2999-01-01T00:00:00", "--count", "5"};
        out.reset();
        assertEquals(
                0, ask(Stream.concat(Stream.of(prune), Stream.of("--dry-run")).toArray(String[]::new)), this::errors);
        List<String> planned = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertTrue(planned.get(0).contains("dry run"), planned::toString);
        assertTrue(planned.get(1).startsWith("r.example/team/app:1.0  "), planned::toString);
        out.reset();
        assertEquals(0, ask("prune", "--pattern", "team/", "--unused-for", "1h"), this::errors);
        assertTrue(out.toString(StandardCharsets.UTF_8).contains("Total: 0 names"), out::toString);
        out.reset();
        assertEquals(0, ask(prune), this::errors);
        List<String> done = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertEquals(planned.get(1), done.get(1));
        out.reset();
        assertEquals(0, ask("list"), this::errors);
        assertEquals("", out.toString(StandardCharsets.UTF_8));
    }

    @Test
    void localPruneBesideServerIsRefusedWithRemedy() {
        assertEquals(1, run("prune", "--pattern", "team/", "--image-path", images().toString()));
        assertTrue(errors().contains("pid " + ProcessHandle.current().pid() + ", ociregistry "), errors());
        assertTrue(errors().contains("--server URL"), errors());
    }

    @Test
    void fileWithoutTokenIsNamed() throws Exception {
        Path key = Files.write(dir.resolve("key"), new byte[] {'a', 1, 'b'});
        assertEquals(1, run("list", "--server", url(), "--token-file", key.toString()));
        assertTrue(errors().contains("the token file " + key + ": its first line is not a token"), errors());
        Path empty = Files.createFile(dir.resolve("empty"));
        assertEquals(1, run("list", "--server", url(), "--token-file", empty.toString()));
        assertTrue(errors().contains("the token file " + empty + ": its first line is not a token"), errors());
    }

    @Test
    void givenTokenFileTakesPrecedence() throws Exception {
        Path right = Files.writeString(dir.resolve("right"), registry.operator().token() + "\n");
        Path wrong = Files.writeString(dir.resolve("wrong"), "another\n");
        assertEquals(0, run("list", "--server", url(), "--token-file", right.toString()), this::errors);
        assertEquals(1, ask("list", "--token-file", wrong.toString()));
        assertTrue(errors().endsWith("; the command sent the token of the token file " + wrong + "\n"), errors());
        assertTrue(
                errors().startsWith("ociregistry: the server at " + url()
                        + " refused the request: only the operator may use the admin API, and the token is wrong"),
                errors());
    }

    @Test
    void refusalNamesTokenFile() throws Exception {
        Path elsewhere = Files.createDirectory(dir.resolve("elsewhere"));
        assertEquals(1, run("list", "--server", url(), "--image-path", elsewhere.toString()));
        assertTrue(
                errors().contains("; no token was sent, because the token file " + elsewhere.resolve("admin-token")
                        + " cannot be read: there is no such file. Run the command as root"),
                errors());
        assertTrue(errors().contains("--token-file or OCIREGISTRY_TOKEN"), errors());
    }

    @Test
    void tokenOfConfigurationIsSentToThisMachine() throws Exception {
        String token = "a-token-of-the-configuration";
        Path file = Files.writeString(dir.resolve("token"), token + "\n");
        for (String section : List.of("token: " + token, "tokenFile: '" + file + "'")) {
            Path images = dir.resolve("configured");
            Path config =
                    Files.writeString(dir.resolve("c.yaml"), "imagePath: '" + images + "'\nadmin: {" + section + "}\n");
            try (RunningRegistry configured = RunningRegistry.start("admin: {" + section + "}\n", images)) {
                String server = configured.base().toString();
                assertEquals(0, run("list", "--server", server, "--config-file", config.toString()), this::errors);
                assertTrue(Files.notExists(images.resolve("admin-token")));
            }
        }
    }

    @Test
    void unreadableTokenVariableIsNamed() throws Exception {
        ChildJvm.Result result = ChildJvm.of(Main.class)
                .variable("OCIREGISTRY_TOKEN", new byte[] {'p', (byte) 0xe4})
                .run("list", "--server", url());
        assertEquals(
                "ociregistry: the environment variable OCIREGISTRY_TOKEN can't be read: its value is not text in UTF-8;"
                        + " write it in UTF-8\n",
                result.out());
        assertEquals(1, result.status());
    }

    @Test
    void agesAreRelativeToServerClock() {
        upstream.on(Match.anything())
                .always(Fault.status(200)
                        .header("Date", "Thu, 31 Jan 2002 00:00:00 GMT")
                        .body("{}"));
        run("prune", "--server", upstream.url(), "--older-than", "240h", "--unused-for", "24h", "--dry-run");
        List<Recorded> asked = upstream.requestsTo("/cmd/prune");
        assertEquals(1, asked.size(), this::errors);
        String query = asked.get(0).query();
        assertTrue(query.contains("createdBefore=2002-01-21T00%3A00%3A00Z"), query);
        assertTrue(query.contains("pulledBefore=2002-01-30T00%3A00%3A00Z"), query);
    }

    @Test
    void invalidUseOfServerIsExplained() throws Exception {
        assertError(
                "--server 'localhost:8080' is not the URL of a server, like http://localhost:8080",
                "list",
                "--server",
                "localhost:8080");
        assertError("--token-file needs a server; add --server URL", "list", "--token-file", "/x");
        assertError("--server-ca needs a server; add --server URL", "list", "--server-ca", "/x");
        assertError(
                "--digests reads the disk; remove --server, a server may be running meanwhile",
                "list",
                "--digests",
                "--server",
                url());
        assertError(
                "cannot use the token file /none: /none: there is no such file or directory",
                "list",
                "--server",
                url(),
                "--token-file",
                "/none");
        String closedPort = "http://127.0.0.1:1";
        assertError(
                "cannot reach the server at " + closedPort + ": no program listens there; check that the server is"
                        + " running and that this is its (admin) port",
                "list",
                "--server",
                closedPort);
        assertError(
                "--pull-timeout does not apply to a server; set pullTimeout in the server's configuration",
                "load",
                "--server",
                url(),
                "--image-file",
                list("r.example/team/app:1.0"),
                "--pull-timeout",
                "1000");
        assertError(
                "cannot reach the server at http://nowhere.invalid: its name cannot be resolved; correct --server",
                "list",
                "--server",
                "http://nowhere.invalid");
        err.reset();
        assertEquals(1, run("list", "--server", upstream.url()));
        assertTrue(
                errors().startsWith("ociregistry: the server at " + upstream.url() + " refused the request: "),
                errors());
    }

    private void assertError(String message, String... args) {
        err.reset();
        assertEquals(1, run(args));
        assertEquals("ociregistry: " + message + "\n", errors());
    }

    private int load(String list, String... more) throws IOException {
        return ask(Stream.concat(Stream.of("load", "--image-file", list(list)), Stream.of(more))
                .toArray(String[]::new));
    }

    /** Runs a command through the server; the command finds the token in the server's image path. */
    private int ask(String... args) {
        Stream<String> server = Stream.of("--server", url(), "--image-path", images().toString());
        return run(Stream.concat(Stream.of(args), server).toArray(String[]::new));
    }

    private String list(String names) throws IOException {
        return Files.writeString(dir.resolve("list"), names).toString();
    }

    private String url() {
        return registry.base().toString();
    }

    private Path images() {
        return dir.resolve("images");
    }

    private Response post(String path, String body) throws IOException {
        return registry.operator().send(body, "POST", path);
    }

    private Response postUnchecked(String list) {
        try {
            return post("/cmd/load", list);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private String errors() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private int run(String... args) {
        return Main.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                args);
    }
}
