package io.ociregistry.standalone.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.oci.Digest;
import io.ociregistry.standalone.Main;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeIndex;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.testing.TestArchive;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command {@code load} against a registry on loopback, and an air-gapped server on its cache. */
@Timeout(60)
class LoadCommandTest {
    private static final int LAYER = 300_000;

    @TempDir
    Path dir;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private FakeUpstream upstream;
    private FakeImage amd64;
    private FakeImage arm64;
    private FakeIndex index;

    @BeforeEach
    void start() {
        upstream = FakeUpstream.start();
        amd64 = upstream.image("team/app").layer(LAYER).layer(70).push();
        arm64 = upstream.image("team/app")
                .seed(2)
                .architecture("arm64")
                .layer(100_000)
                .push();
        index = upstream.index("team/app", "1.0", amd64, arm64);
    }

    @AfterEach
    void stop() {
        upstream.close();
    }

    @Test
    void loadedImagesAreServedOfflineUnderTheirNames() throws Exception {
        list("# ours\r\n\r\n r.example/team/app:1.0 \r\nr.example/team/app:1.0\n");
        assertEquals(0, load("--platform linux/amd64"), this::printed);
        assertEquals("1 loaded, 0 already there, 0 failed; 300.3 kB in T", lastLine());
        upstream.refuseConnections();
        try (RunningRegistry offline = serveOffline()) {
            Response tag = get(offline, "team/app/manifests/1.0");
            assertArrayEquals(index.bytes(), tag.body(), "the tag is still that of the index");
            assertServesAllOf(offline, amd64);
            assertEquals(
                    404, get(offline, "team/app/manifests/" + arm64.digest()).status());
        }
    }

    @Test
    void completeImagesCauseNoRequests() throws Exception {
        list("r.example/team/app:1.0\nr.example/team/app@" + amd64.digest() + "\nr.example/team/app:1.0@"
                + index.digest());
        assertEquals(0, load("--platform all"), this::printed);
        upstream.forgetRequests();
        int connections = upstream.connections();
        out.reset();
        assertEquals(0, load("--platform all"), this::printed);
        assertEquals("0 loaded, 3 already there, 0 failed; 0 B in T", lastLine());
        assertEquals(List.of(), upstream.requests());
        assertEquals(connections, upstream.connections());
    }

    @Test
    void commonBlobsAreFetchedOnce() throws Exception {
        Content shared = Content.random(7, LAYER);
        StringBuilder names = new StringBuilder();
        for (int i = 0; i < 6; i++) {
            upstream.image("team/app", "v" + i)
                    .seed(i)
                    .layer(shared)
                    .layer(1000)
                    .push();
            names.append("r.example/team/app:v").append(i).append('\n');
        }
        list(names.toString());
        assertEquals(0, load("--parallel 6"), this::printed);
        assertEquals("6 loaded, 0 already there, 0 failed; 307.5 kB in T", lastLine());
        Digest digest = shared.digest(Digest.Algorithm.SHA256);
        assertEquals(1, upstream.requests(Match.blob(digest).get()).size());
    }

    @Test
    void failureStopsNoOtherImageAndBadLineIsNamed() throws Exception {
        Path file = list("r.example/team/gone:1\nnginx:1.25\nr.example/team/app:1.0\n");
        assertEquals(1, load("--platform linux/amd64"), this::printed);
        List<String> failures = err.toString(StandardCharsets.UTF_8).lines().toList();
        assertEquals(2, failures.size(), this::printed);
        assertEquals(
                "ociregistry: not loaded: " + file + ":2: \"nginx:1.25\" names no registry;"
                        + " did you mean \"docker.io/library/nginx:1.25\"?",
                failures.get(0));
        assertTrue(failures.get(1).startsWith("ociregistry: not loaded: r.example/team/gone:1: "), failures.get(1));
        assertTrue(out.toString(StandardCharsets.UTF_8).contains("1 loaded, 0 already there, 2 failed"), this::printed);
        assertFalse(out.toString(StandardCharsets.UTF_8).contains("not loaded"), "each failure is printed once");
    }

    @Test
    void summaryNotesManifestsMadeFromDockerSave() throws Exception {
        byte[] layer = {1, 2, 3};
        Path saved = new TestArchive()
                .file("config.json", TestArchive.config("amd64", layer))
                .file("layer.tar", layer)
                .save("config.json", List.of("r.example/saved:1"), "layer.tar")
                .tar(dir.resolve("images.txt"));
        String note = saved
                + " has no manifests, so they were made from its configs and layers; its images have other digests"
                + " here than in their registries";
        assertEquals(0, load("--json --platform linux/amd64"), this::printed);
        JsonNode summary = JsonMapper.builder().build().readTree(lastLine());
        assertEquals(note, summary.at("/notes/0").asText(), this::printed);
        assertEquals(0, load("--platform linux/amd64"), this::printed);
        assertTrue(
                out.toString(StandardCharsets.UTF_8).contains("\nnote: " + note + "\n0 loaded, 1 already"),
                this::printed);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "--platform linux/amd64 | 0 | 1 loaded, 0 already there, 0 failed; 300.3 kB in T | '' | amd64",
                "--os linux --arch arm64 | 0 | 1 loaded, 0 already there, 0 failed; 100.2 kB in T | '' | arm64",
                "--platform linux/amd64,linux/s390x | 1 | 0 loaded, 0 already there, 1 failed; 0 B in T"
                        + " | its index has no image for linux/s390x, only for linux/amd64, linux/arm64 | amd64",
                "--platform linux/amd64 --quiet | 0 | '' | '' | amd64",
                "--platform linux/amd64,linux/s390x --quiet | 1 | ''"
                        + " | its index has no image for linux/s390x, only for linux/amd64, linux/arm64 | amd64",
            })
    void optionsSelectImagesAndOutput(String options, int code, String summary, String failure, String loaded)
            throws Exception {
        list("r.example/team/app:1.0");
        assertEquals(code, load(options), this::printed);
        assertEquals(summary, out.size() == 0 ? "" : lastLine());
        assertEquals(
                failure.isEmpty() ? "" : "ociregistry: not loaded: r.example/team/app:1.0: " + failure + "\n",
                err.toString(StandardCharsets.UTF_8));
        assertEquals(Set.of(Recorded.Kind.MANIFEST, Recorded.Kind.BLOB), kinds(), "no signatures without an option");
        try (RunningRegistry offline = serveOffline()) {
            assertServesAllOf(offline, loaded.equals("amd64") ? amd64 : arm64);
            Digest other = (loaded.equals("amd64") ? arm64 : amd64).digest();
            assertEquals(404, get(offline, "team/app/manifests/" + other).status());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "load --image-file DIR/*.list | cannot load images: DIR/*.list: no file matches this pattern",
                "load | load needs --image-file FILE, an image list or an archive",
                "load --image-file DIR/empty.tar | nothing to load: DIR/empty.tar lists no image"
            })
    void unusableOptionEndsCommandWithError(String line, String failure) throws Exception {
        Files.writeString(dir.resolve("empty.tar"), "");
        String full = line.replace("DIR", dir.toString()) + " --image-path " + images();
        assertEquals(1, run(full.split(" ")));
        assertEquals(
                "ociregistry: " + failure.replace("DIR", dir.toString()) + "\n", err.toString(StandardCharsets.UTF_8));
        assertFalse(line.startsWith("load") && Files.exists(images()), "load opens the cache later");
    }

    @Test
    void imagePathMustNotBeFile() throws Exception {
        Path list = list("r.example/team/app:1.0");
        Path file = Files.writeString(dir.resolve("file"), "");
        assertEquals(1, run("load", "--image-path", file.toString(), "--image-file", list.toString()));
        assertTrue(printed().contains(file + " exists and is not a directory"), this::printed);
    }

    @ParameterizedTest
    @CsvSource({"r.example/app:1, true", "r.example/app, false"})
    void resolveRefWithTagIsRefusedForSeveralArchives(String name, boolean isRefused) throws Exception {
        for (String archive : List.of("a", "b")) {
            Files.writeString(Files.createDirectories(dir.resolve(archive)).resolve("oci-layout"), "{}");
        }
        String line = "load --quiet --image-path " + images() + " --image-file " + dir.resolve("a") + ","
                + dir.resolve("b") + " --resolve-ref " + name;
        assertEquals(1, run(line.split(" ")));
        String refusal = "ociregistry: not loaded: " + dir.resolve("a")
                + ": --resolve-ref names one image, and there are 2 archives; load them one by one";
        assertEquals(isRefused, printed().startsWith(refusal), this::printed);
        assertEquals(isRefused, printed().contains("one by one"), "tags may be from there in all of them");
    }

    @Test
    void loadSucceedsOverUnreliableLink() throws Exception {
        upstream.on(Match.blob(amd64.layer(0)).get()).times(3, Fault.resetAfter(60_000));
        upstream.on(Match.manifest(index.digest())).times(2, new Fault.ResetBeforeHeaders());
        list("r.example/team/app@" + index.digest());
        assertEquals(0, load("--platform linux/amd64 --pull-timeout 10s"), this::printed);
        List<Recorded> requests = upstream.requests(Match.blob(amd64.layer(0)).get());
        assertEquals("bytes=60000-", requests.get(1).header("Range").orElse("none"));
    }

    @Test
    void lostLinkEndsLoadAndNextLoadResumes() throws Exception {
        upstream.holdBlobAfter(amd64.layer(0), 200_000);
        list("r.example/team/app:1.0");
        assertEquals(1, load("--platform linux/amd64 --pull-timeout 1500"), this::printed);
        assertTrue(
                err.toString(StandardCharsets.UTF_8)
                        .contains("no more bytes arrived for too long, after 200000 of 300000 bytes"),
                this::printed);
        upstream.heal();
        upstream.forgetRequests();
        assertEquals(0, load("--platform linux/amd64"), this::printed);
        assertEquals("1 loaded, 0 already there, 0 failed; 100.0 kB in T", lastLine(), "only the received bytes");
        assertEquals(
                "bytes=200000-",
                upstream.requests(Match.blob(amd64.layer(0)).get())
                        .get(0)
                        .header("Range")
                        .orElse("none"));
    }

    @Test
    void unreachableRegistryIsWaitedForOnce() throws Exception {
        upstream.refuseConnections();
        StringBuilder names = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            names.append("r.example/team/app:v").append(i).append('\n');
        }
        list(names.toString());
        long started = System.nanoTime();
        assertEquals(1, load("--parallel 2 --pull-timeout 1s"), this::printed);
        // Waiting for each image would take 100 s.
        assertTrue(System.nanoTime() - started < TimeUnit.SECONDS.toNanos(30));
        assertTrue(lastLine().startsWith("0 loaded, 0 already there, 200 failed"), this::printed);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void fullDiskEndsLoadBeforeMoreIsFetched() throws Exception {
        FakeImage other = upstream.image("team/other", "1").layer(100).push();
        Files.createDirectories(images().resolve("partial"));
        Files.createSymbolicLink(
                images().resolve("partial").resolve(amd64.layer(0).hex() + "@r.example"), Path.of("/dev/full"));
        list("r.example/team/app:1.0\nr.example/team/other:1");
        assertEquals(1, load("--platform linux/amd64 --parallel 1"), this::printed);
        assertEquals(
                2,
                err.toString(StandardCharsets.UTF_8)
                        .lines()
                        .filter(line -> line.contains("the disk of the cache failed: it is full"))
                        .count(),
                this::printed);
        assertEquals(List.of(), upstream.requestsTo("/v2/" + other.repository()));
    }

    @Test
    void signaturesAreLoadedForOfflineVerification() throws Exception {
        FakeImage sbom = upstream.image("team/app")
                .seed(3)
                .subject(amd64, "application/spdx+json")
                .layer(500)
                .push();
        String tag = "sha256-" + index.digest().hex() + ".sig";
        FakeImage signature = upstream.image("team/app", tag).layer(300).push();
        list("r.example/team/app:1.0");
        assertEquals(0, load("--platform linux/amd64 --with-referrers"), this::printed);
        upstream.refuseConnections();
        try (RunningRegistry offline = serveOffline()) {
            Response referrers = get(offline, "team/app/referrers/" + amd64.digest());
            assertEquals(200, referrers.status());
            assertTrue(referrers.text().contains(sbom.digest().toString()), referrers.text());
            assertServesAllOf(offline, sbom);
            assertArrayEquals(
                    signature.manifest(),
                    get(offline, "team/app/manifests/" + tag).body());
            assertServesAllOf(offline, signature);
        }
    }

    @Test
    void tagBesideDigestIsRecordedOnlyIfRegistryConfirms() throws Exception {
        upstream.tag("team/app", "same", amd64.digest());
        upstream.tag("team/app", "moved", arm64.digest());
        list("r.example/team/app:same@" + amd64.digest() + "\nr.example/team/app:moved@" + amd64.digest());
        upstream.on(Match.manifest("same").head()).once(Fault.status(502));
        assertEquals(0, load("--parallel 1"), this::printed);
        upstream.forgetRequests();
        assertEquals(0, load(""), this::printed);
        assertEquals(List.of(), upstream.requests());
        try (RunningRegistry offline = serveOffline()) {
            assertServesAllOf(offline, amd64);
            assertArrayEquals(
                    amd64.manifest(), get(offline, "team/app/manifests/same").body());
            assertEquals(404, get(offline, "team/app/manifests/moved").status());
        }
    }

    @Test
    void loadBesideServerIsRefusedWithRemedy() throws Exception {
        list("r.example/team/app:1.0");
        try (RunningRegistry running = RunningRegistry.start("", images())) {
            assertEquals(1, load(""));
            String message = err.toString(StandardCharsets.UTF_8);
            assertTrue(message.contains("pid " + ProcessHandle.current().pid()), message);
            assertTrue(message.contains("--server URL"), message);
            assertEquals(List.of(), upstream.requests());
            assertTrue(running.context().storeStatus().isReadable());
        }
    }

    @Test
    void jsonIsOneObjectPerLine() throws Exception {
        Gate gate = upstream.holdBlobAfter(amd64.layer(0), 100_000);
        list("r.example/team/app:1.0\nnonsense\n");
        Thread releasing = new Thread(() -> {
            gate.awaitReached();
            awaitOutput("\"progress\"");
            gate.release();
        });
        releasing.start();
        assertEquals(1, load("--platform linux/amd64 --json"), this::printed);
        releasing.join();
        List<JsonNode> events = new ArrayList<>();
        for (String line : out.toString(StandardCharsets.UTF_8).lines().toList()) {
            events.add(JsonMapper.builder().build().readTree(line));
        }
        assertEquals(
                Set.of("failed", "started", "progress", "loaded", "summary"),
                events.stream().map(event -> event.path("event").asText()).collect(Collectors.toSet()));
        JsonNode summary = events.get(events.size() - 1);
        assertEquals("summary", summary.path("event").asText());
        assertEquals(1, summary.path("loaded").asInt());
        assertEquals(1, summary.path("failed").asInt());
        long total = LAYER + 70 + amd64.config().size();
        assertEquals(total, summary.path("bytes").asLong());
        JsonNode progress = events.stream()
                .filter(event -> event.path("event").asText().equals("progress"))
                .findFirst()
                .orElseThrow();
        assertEquals(total, progress.path("total").asLong());
        long bytes = progress.path("bytes").asLong();
        assertTrue(bytes > 0 && bytes < total, progress.toString());
        assertEquals("", err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void interruptedProcessKeepsDownloadedBytes() throws Exception {
        Gate gate = upstream.holdBlobAfter(amd64.layer(0), 250_000);
        list("r.example/team/app:1.0");
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        line.addAll(arguments("--platform linux/amd64 --json"));
        Process process = new ProcessBuilder(line).start();
        try (var events = process.inputReader();
                var printed = process.errorReader()) {
            gate.awaitReached();
            String event = "";
            while (!event.matches(".*\"progress\".*\"bytes\":25\\d{4},.*")) {
                event = events.readLine();
            }
            // Process.destroy() would also close the streams.
            process.toHandle().destroy();
            assertEquals(
                    "ociregistry: load interrupted; the downloaded bytes are kept, and the same command resumes",
                    printed.readLine());
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
            assertEquals(143, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
        upstream.heal();
        upstream.forgetRequests();
        assertEquals(0, load("--platform linux/amd64"), this::printed);
        String range = upstream.requests(Match.blob(amd64.layer(0)).get())
                .get(0)
                .header("Range")
                .orElse("none");
        assertEquals("bytes=250000-", range);
    }

    private void assertServesAllOf(RunningRegistry offline, FakeImage image) throws IOException {
        String repository = image.repository();
        assertArrayEquals(
                image.manifest(),
                get(offline, repository + "/manifests/" + image.digest()).body());
        assertEquals(
                200,
                get(offline, repository + "/blobs/" + image.config().digest()).status());
        for (int i = 0; i < image.layers().size(); i++) {
            assertArrayEquals(
                    image.layerBytes(i),
                    get(offline, repository + "/blobs/" + image.layer(i)).body());
        }
    }

    private Set<Recorded.Kind> kinds() {
        return new TreeSet<>(upstream.requests().stream().map(Recorded::kind).toList());
    }

    private RunningRegistry serveOffline() throws Exception {
        return RunningRegistry.start("airGapped: true\n", images());
    }

    private static Response get(RunningRegistry registry, String path) throws IOException {
        return RawHttp.get(registry.base(), "/v2/" + path + "?ns=r.example");
    }

    private Path images() {
        return dir.resolve("images");
    }

    private Path list(String names) throws IOException {
        return Files.writeString(dir.resolve("images.txt"), names);
    }

    private int load(String options) throws IOException {
        err.reset();
        return run(arguments(options).toArray(String[]::new));
    }

    private List<String> arguments(String options) throws IOException {
        Path config = Files.writeString(
                dir.resolve("config.yaml"),
                "timeouts:\n  stall: 1s\nregistries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n");
        List<String> arguments = new ArrayList<>(List.of(
                "load",
                "--config-file",
                config.toString(),
                "--image-path",
                images().toString(),
                "--image-file",
                dir.resolve("images.txt").toString()));
        if (!options.isEmpty()) {
            arguments.addAll(List.of(options.split(" ")));
        }
        return arguments;
    }

    private int run(String... args) {
        return Main.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                args);
    }

    private void awaitOutput(String text) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!out.toString(StandardCharsets.UTF_8).contains(text) && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    private String lastLine() {
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        return lines.get(lines.size() - 1).replaceAll("\\d+\\.\\d s$", "T");
    }

    private String printed() {
        return out.toString(StandardCharsets.UTF_8) + err.toString(StandardCharsets.UTF_8);
    }
}
