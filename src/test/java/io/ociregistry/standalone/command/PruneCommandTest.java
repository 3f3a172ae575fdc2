package io.ociregistry.standalone.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.standalone.CommandLine;
import io.ociregistry.standalone.Main;
import io.ociregistry.standalone.cli.UsageException;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.StoreAccess;
import io.ociregistry.testing.Records;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command {@code prune}. */
@Timeout(120)
class PruneCommandTest {
    @TempDir
    Path dir;

    private final Instant now = Instant.now();
    private Layout layout;

    @BeforeEach
    void create() throws IOException {
        layout = new Layout(dir);
        layout.create();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--pattern a:old | new used",
                "--pattern a:old,used | new",
                "--pattern example --count 2 | new",
                "--pattern A:OLD | new old used",
                "--older-than 30d | new",
                "--older-than 30d --pattern used | new old",
                "--unused-for 30d | new used",
                "--date BEFORE | new",
                "--date DAY | new",
                "--prune-before BEFORE | new",
                "--prune-before UTC | new",
                "--max-size 0 | ''",
                "--max-size 100GB | new old used",
                "--max-size 300kB | new old used",
            })
    void optionsSelectImagesAndDryRunReportsSame(String options, String left) throws IOException {
        keep("r.example/a:old", 60, 60, "old");
        keep("r.example/a:used", 60, 2, "used");
        keep("r.example/a:new", 1, 1, "new");
        LocalDateTime before = LocalDateTime.ofInstant(now.minus(Duration.ofDays(30)), ZoneId.systemDefault())
                .truncatedTo(ChronoUnit.SECONDS);
        String line = options.replace("BEFORE", before.toString())
                .replace("DAY", before.toLocalDate().toString())
                .replace("UTC", now.minus(Duration.ofDays(30)).toString());
        Output planned = prune(line + " --dry-run");
        assertEquals(3, tags().size());
        Output done = prune(line);
        assertEquals("", done.err);
        assertEquals(0, done.exit);
        assertEquals(new TreeSet<>(List.of(left.split(" "))), left.isEmpty() ? Set.of("") : tags());
        assertEquals(rest(planned.out), rest(done.out));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | prune needs an option that selects images",
                "--dry-run | prune needs an option that selects images",
                "--count 3 | prune needs an option that selects images",
                "--pattern a, | has an empty part, which would match everything",
                "--pattern ( | is not an RE2 expression",
                "--date yesterday | --date: 'yesterday' is not a time: expected 2026-03-01, 2026-03-01T22:17:31"
                        + " (local time)",
                "--older-than 3w | --older-than: '3w' is not a duration",
                "--unused-for x | --unused-for: 'x' is not a duration",
                "--count -1 --pattern a | --count: '-1' is not a number of images",
                "--max-size much | --max-size: 'much' is not a size",
            })
    void invalidOptionsChangeNothing(String options, String message) throws IOException {
        keep("r.example/a:old", 60, 60, "old");
        Output output = prune(options);
        assertEquals(1, output.exit);
        assertTrue(output.err.contains(message), output.err);
        assertEquals(Set.of("old"), tags());
    }

    @Test
    void pruneBesideServerIsRefusedWithRemedy() throws IOException {
        keep("r.example/a:old", 60, 60, "old");
        StoreAccess server = StoreAccess.open(dir, "the server");
        Output output = prune("--pattern a");
        server.close();
        assertEquals(1, output.exit);
        assertTrue(output.err.contains("pid " + ProcessHandle.current().pid()), output.err);
        assertTrue(output.err.contains("--server URL"), output.err);
        assertEquals(Set.of("old"), tags());
    }

    @Test
    void pruneCreatesNoCache() throws IOException {
        Output output = run("--image-path", dir.resolve("none").toString(), "prune", "--pattern", "a");
        assertEquals(1, output.exit);
        assertTrue(output.err.contains("there is no cache in " + dir.resolve("none")), output.err);
        assertFalse(Files.exists(dir.resolve("none")));
    }

    /** Runs 2 rounds, or the number in the environment variable OCIREGISTRY_PRUNE_ROUNDS. */
    @Test
    void killedPruneLeavesOnlyCompleteImagesAndNextRunFinishes() throws Exception {
        int rounds = Integer.parseInt(System.getenv().getOrDefault("OCIREGISTRY_PRUNE_ROUNDS", "2"));
        Random random = new Random(7);
        int killed = 0;
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < 150; i++) {
                keep("r.example/a" + i % 20 + ":" + i, 60, 60, "a" + i, "base" + i % 50);
            }
            Process process = process("--pattern", "[1-9]$");
            // The process prunes soon after it has taken the lock.
            while (process.isAlive() && !Files.exists(dir.resolve(".lock.info"))) {
                Thread.onSpinWait();
            }
            killed += process.waitFor(20 + random.nextInt(200), TimeUnit.MILLISECONDS) ? 0 : 1;
            process.destroyForcibly().waitFor();
            Files.delete(dir.resolve(".lock.info"));
            assertEveryImageIsComplete();
            assertEquals(0, prune("--pattern [1-9]$").exit);
            assertEveryImageIsComplete();
            assertTrue(tags().stream().allMatch(tag -> tag.endsWith("0")), tags().toString());
            assertEquals(15, tags().size());
        }
        assertTrue(killed > 0, "it was always faster");
    }

    private void assertEveryImageIsComplete() throws IOException {
        Set<String> here;
        try (var files = Files.list(dir.resolve("blobs"))) {
            here = files.map(file -> file.getFileName().toString()).collect(Collectors.toCollection(HashSet::new));
        }
        Records.in(layout).forEach(record -> record.manifest()
                .blobs()
                .forEach(blob -> assertTrue(
                        here.contains(blob.digest().hex()), record.references().toString())));
    }

    private static List<String> rest(String lines) {
        List<String> all = lines.lines().toList();
        return all.subList(1, all.size());
    }

    private Set<String> tags() {
        Set<String> tags = new TreeSet<>();
        Records.in(layout).forEach(record -> record.references()
                .forEach(reference -> tags.add(reference.name().reference().toString())));
        return tags;
    }

    private void keep(String name, int createdDaysAgo, int pulledDaysAgo, String... layers) throws IOException {
        List<String> descriptors = new ArrayList<>();
        for (String layer : layers) {
            byte[] content = layer.getBytes(StandardCharsets.UTF_8);
            Digest digest = Digest.of(content);
            Files.write(dir.resolve("blobs").resolve(digest.hex()), content);
            descriptors.add("{\"digest\":\"" + digest + "\",\"size\":" + content.length + "}");
        }
        Manifest manifest = Manifest.parse(
                ("{\"layers\":[" + String.join(",", descriptors) + "]}").getBytes(StandardCharsets.UTF_8),
                MediaType.OCI_MANIFEST);
        Instant created = now.minus(Duration.ofDays(createdDaysAgo));
        Records.in(layout).confirm(manifest, ImageReference.parse(name), created);
        Instant pulled = now.minus(Duration.ofDays(pulledDaysAgo));
        Path record = dir.resolve("img").resolve(manifest.digest().hex());
        RecordedReference reference = RecordedReference.confirmed(ImageReference.parse(name), created);
        String text = Files.readString(record);
        Files.writeString(
                record, text.replace("\"pulled\":\"" + millis(reference.pulled()), "\"pulled\":\"" + millis(pulled)));
    }

    private static String millis(Instant time) {
        return time.truncatedTo(ChronoUnit.MILLIS).toString();
    }

    private Output prune(String options) {
        List<String> line = new ArrayList<>(List.of("--image-path", dir.toString(), "prune"));
        if (!options.isEmpty()) {
            line.addAll(List.of(options.split(" ")));
        }
        return run(line.toArray(String[]::new));
    }

    private static Output run(String... line) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        try {
            int exit = CommandLine.parse(line)
                    .run(
                            new PrintStream(out, true, StandardCharsets.UTF_8),
                            new PrintStream(err, true, StandardCharsets.UTF_8));
            return new Output(exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
        } catch (UsageException e) {
            return new Output(1, "", e.getMessage());
        }
    }

    private Process process(String... options) throws IOException {
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "--image-path",
                dir.toString(),
                "prune"));
        line.addAll(List.of(options));
        return new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private record Output(int exit, String out, String err) {}
}
