package io.ociregistry.standalone.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.standalone.Main;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeIndex;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RunningRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command {@code list} on a cache that a server in this JVM filled and still uses. */
@Timeout(60)
class ListCommandTest {
    @TempDir
    static Path dir;

    private static FakeUpstream upstream;
    private static RunningRegistry registry;
    private static FakeImage whole;
    private static FakeImage half;
    private static FakeIndex index;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @BeforeAll
    static void fill() throws Exception {
        upstream = FakeUpstream.start();
        registry = RunningRegistry.start(
                "prefetch: false\nregistries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n", images());
        whole = upstream.image("team/app", "1.0").layer(1_500_000).push();
        half = upstream.image("team/app", "2.0")
                .architecture("arm64")
                .layer(700_000)
                .push();
        index = upstream.index("team/app", "all", whole, half);
        get("team/app/manifests/all");
        get("team/app/manifests/" + whole.digest());
        get("team/app/blobs/" + whole.layer(0));
        get("team/app/blobs/" + whole.config().digest());
        get("team/app/manifests/2.0");
        get("team/app/blobs/" + half.config().digest());
        registry.awaitDownloads();
    }

    @AfterAll
    static void close() {
        registry.close();
        upstream.close();
    }

    private static Path images() {
        return dir.resolve("images");
    }

    private static void get(String path) throws IOException {
        assertEquals(
                200,
                RawHttp.get(registry.base(), "/v2/" + path + "?ns=r.example").status());
    }

    @Test
    void listIsSortedByNameWhileServerRuns() throws Exception {
        assertEquals(0, list("--header"));
        String time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d";
        List<String> lines = lines();
        assertEquals(List.of("IMAGE", "TAG/DIGEST", "TYPE", "CREATED", "PULLED", "SIZE(MB)"), columns(lines.get(0)));
        List<String> expected = List.of(
                "r.example/team/app 2.0 image T T 0.7",
                "r.example/team/app all list T T n/a",
                "r.example/team/app " + whole.digest().hex() + " image T T 1.5");
        assertEquals(
                expected,
                lines.stream()
                        .skip(1)
                        .map(line -> String.join(" ", columns(line.replaceAll(time, "T"))))
                        .toList());
    }

    @Test
    void wideAddsPlatformsAndCompleteness() {
        assertEquals(0, list("--output wide --short-digest --pattern :2.0,:all"));
        assertEquals(
                List.of(
                        "0.7 linux/arm64 no sha256:" + half.digest().hex().substring(0, 10),
                        "2.2 linux/amd64,linux/arm64 yes sha256:"
                                + index.digest().hex().substring(0, 10)),
                lines().stream()
                        .map(line -> String.join(" ", columns(line).subList(5, 9)))
                        .toList());
    }

    @Test
    void jsonHasAllProperties() throws Exception {
        assertEquals(0, list("--output json --pattern @sha256"));
        JsonNode json = JsonMapper.builder().build().readTree(out.toString(StandardCharsets.UTF_8));
        assertEquals(1, json.size());
        assertEquals(
                "r.example/team/app@" + whole.digest(), json.get(0).path("name").asText());
        assertEquals(whole.config().size() + 1_500_000, json.get(0).path("size").asLong());
        assertEquals(json.get(0).path("size"), json.get(0).path("stored"));
        assertTrue(json.get(0).path("complete").asBoolean());
        assertTrue(json.get(0).path("created").asText().endsWith("Z"));
        assertEquals("[\"linux/amd64\"]", json.get(0).path("platforms").toString());
        assertEquals(
                "[\"" + whole.layer(0) + "\",\"" + whole.config().digest() + "\"]",
                json.get(0).path("blobs").toString());
    }

    @Test
    void digestsAreThoseInCache() {
        assertEquals(0, list("--digests"));
        var expected = new TreeSet<String>();
        Stream.of(
                        whole.digest(),
                        whole.layer(0),
                        whole.config().digest(),
                        half.digest(),
                        half.config().digest(),
                        index.digest())
                .forEach(digest -> expected.add(digest.toString()));
        assertEquals(List.copyOf(expected), lines());
    }

    @Test
    void digestsOfImageIncludeItsBlobsOfRightSize() throws Exception {
        Path copy = dir.resolve("copy");
        copy(images(), copy);
        Files.write(copy.resolve("blobs/" + whole.layer(0).hex()), new byte[] {1});
        assertEquals(0, run("list", "--image-path", copy.toString(), "--digests", "--pattern", "app@"));
        assertEquals(
                Stream.of(whole.digest(), whole.config().digest())
                        .map(Object::toString)
                        .sorted()
                        .toList(),
                lines());
    }

    @Test
    void listWritesNothingEvenWithBrokenRecord() throws Exception {
        Path copy = dir.resolve("broken");
        copy(images(), copy);
        Path record = copy.resolve("fat/" + index.digest().hex());
        Files.writeString(record, "{");
        Files.setLastModifiedTime(record, FileTime.fromMillis(0));
        Files.createDirectory(copy.resolve("blobs/" + half.layer(0).hex()));
        Map<Path, FileTime> before = times(copy);
        assertEquals(0, run("list", "--image-path", copy.toString(), "--output", "wide"));
        assertEquals(0, run("list", "--image-path", copy.toString(), "--digests"));
        assertEquals(before, times(copy));
        assertFalse(Files.exists(copy.resolve(".lock")));
    }

    @Test
    void optionsTakePrecedenceOverListConfig() throws Exception {
        Path config = Files.writeString(
                dir.resolve("c.yaml"),
                "imagePath: " + images() + "\nlistConfig: {header: true, expr: '@', shortDigest: true}\n");
        assertEquals(0, run("list", "--config-file", config.toString()));
        assertEquals(2, lines().size());
        assertEquals(
                List.of("r.example/team/app", whole.digest().hex().substring(0, 10)),
                columns(lines().get(1)).subList(0, 2));
        out.reset();
        assertEquals(0, run("list", "--config-file", config.toString(), "--header=false", "--pattern", ":2"));
        assertEquals(1, lines().size());
        assertEquals("", err.toString(StandardCharsets.UTF_8));
    }

    private int list(String options) {
        return run(("list --image-path " + images() + " " + options).split(" "));
    }

    private int run(String... args) {
        return Main.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                args);
    }

    private static List<String> columns(String line) {
        return List.of(line.split(" +"));
    }

    private List<String> lines() {
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private static Map<Path, FileTime> times(Path root) throws IOException {
        Map<Path, FileTime> times = new TreeMap<>();
        try (var files = Files.walk(root)) {
            for (Path file : files.toList()) {
                times.put(file, Files.getLastModifiedTime(file));
            }
        }
        return times;
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        for (String directory : List.of("blobs", "fat", "img")) {
            Files.createDirectories(to.resolve(directory));
            try (var files = Files.list(from.resolve(directory))) {
                for (Path file : files.toList()) {
                    Files.copy(file, to.resolve(directory).resolve(file.getFileName()));
                }
            }
        }
    }
}
