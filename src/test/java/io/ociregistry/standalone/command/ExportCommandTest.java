package io.ociregistry.standalone.command;

import static io.ociregistry.testing.TestArchive.FULL_NAME;
import static io.ociregistry.testing.TestArchive.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.standalone.Main;
import io.ociregistry.standalone.cli.TimeParser;
import io.ociregistry.standalone.cli.UsageException;
import io.ociregistry.testing.TestArchive;
import io.ociregistry.testing.TestArchive.Image;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.ZoneId;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ExportCommandTest {
    @TempDir
    Path dir;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private Image image;

    @BeforeEach
    void fillCache() throws Exception {
        TestArchive made = new TestArchive();
        image = made.image("amd64", random(1, 10_000));
        made.list(image, FULL_NAME, "quay.io/app:1").layout();
        Path tar = made.tar(dir.resolve("made.tar"));
        assertEquals(0, run("load", "--image-file", tar.toString()), this::errors);
        err.reset();
        out.reset();
    }

    @Test
    void archiveAppearsWhenCompleteWithSummary() throws Exception {
        Path target = dir.resolve("out.tar");

        assertEquals(0, run("export", "--pattern", "app", "--output", target.toString()), this::errors);

        assertTrue(Files.size(target) > 10_000);
        assertFalse(Files.exists(dir.resolve("out.tar.partial")));
        assertTrue(errors().contains("exported 1 names, 2 blobs"), errors());
        assertEquals("", out.toString(StandardCharsets.UTF_8));
    }

    @Test
    void standardOutputGetsSameBytes() throws Exception {
        Path target = dir.resolve("out.tar");
        run("export", "--output", target.toString());

        assertEquals(0, run("export", "--output", "-"), this::errors);

        assertArrayEquals(Files.readAllBytes(target), out.toByteArray());
    }

    @Test
    void pipeGetsSameBytesAndIsNotReplaced() throws Exception {
        Path target = dir.resolve("out.tar");
        run("export", "--output", target.toString());
        Path pipe = dir.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        CompletableFuture<byte[]> read = CompletableFuture.supplyAsync(() -> bytes(pipe));

        assertEquals(0, run("export", "--output", pipe.toString()), this::errors);

        assertArrayEquals(Files.readAllBytes(target), read.get(30, TimeUnit.SECONDS));
        assertTrue(Files.readAttributes(pipe, BasicFileAttributes.class).isOther());
    }

    @Test
    void symbolicLinkIsNotReplaced() throws Exception {
        Path target = Files.writeString(dir.resolve("out.tar"), "of last week");
        Path link = Files.createSymbolicLink(dir.resolve("latest.tar"), target);

        assertEquals(0, run("export", "--output", link.toString()), this::errors);

        assertTrue(Files.isSymbolicLink(link));
        assertTrue(Files.size(target) > 10_000);
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void incompleteImageIsReportedWithExitCode() throws Exception {
        Files.delete(dir.resolve("images/blobs/" + image.config().hex()));
        Path target = dir.resolve("out.tar");

        assertEquals(1, run("export", "--output", target.toString()));

        assertTrue(errors().contains("not exported: quay.io/app@" + image.digest()), errors());
        assertTrue(errors().contains("nothing was exported"), errors());
        assertFalse(Files.exists(target));
    }

    @Test
    void corruptBlobLeavesNoArchive() throws Exception {
        Files.write(dir.resolve("images/blobs/" + image.layers().get(0).hex()), random(2, 10_000));

        assertEquals(1, run("export", "--output", dir.resolve("out.tar").toString()));

        assertTrue(errors().contains(image.layers().get(0).toString()), errors());
        assertFalse(Files.exists(dir.resolve("out.tar")));
        assertFalse(Files.exists(dir.resolve("out.tar.partial")));
    }

    @Test
    void optionsSelectImages() throws Exception {
        String target = dir.resolve("out.tar").toString();
        Path have = Files.writeString(
                dir.resolve("have"), "# of the far side\n" + image.layers().get(0) + "\n");

        assertEquals(1, run("export", "--output", target, "--since", "2100-01-01"));
        assertEquals(0, run("export", "--output", target, "--since", "2020-01-01T00:00:00Z"), this::errors);
        assertEquals(0, run("export", "--output", target, "--platform", "linux/amd64", "--complete-only"));
        err.reset();
        assertEquals(0, run("export", "--output", target, "--exclude-from", have.toString()), this::errors);
        assertTrue(errors().contains("1 names, 1 blobs"), errors());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "# nothing\n"})
    void listWithoutDigestsIsRefused(String text) throws Exception {
        Path have = Files.writeString(dir.resolve("have"), text);

        assertMistake("has no digest", "export", "--output", "x", "--exclude-from", have.toString());
    }

    @Test
    void mistakesAreReportedWithRemedy() throws Exception {
        Path have = Files.writeString(dir.resolve("have"), "\nnonsense\n");

        assertMistake("--output FILE.tar", "export");
        assertMistake("have:2", "export", "--output", "x", "--exclude-from", have.toString());
        assertMistake(
                "cannot read /none: /none: there is no such file or directory",
                "export",
                "--output",
                "x",
                "--exclude-from",
                "/none");
        assertMistake("/none/x.partial: there is no such file or directory", "export", "--output", "/none/x");
        assertMistake(dir + ": it is a directory", "export", "--output", dir.toString());
        assertMistake("--complete-only: 'maybe' is neither true nor false", "export", "--complete-only=maybe");
        assertMistake("'yesterday' is not a time", "export", "--output", "x", "--since", "yesterday");
        assertMistake("not an RE2 expression", "export", "--output", "x", "--pattern", "(");
        assertMistake("is not a platform", "export", "--output", "x", "--platform", "arm");
    }

    private void assertMistake(String message, String... args) {
        err.reset();
        assertEquals(1, run(args));
        assertTrue(errors().contains(message), errors());
    }

    @ParameterizedTest
    @CsvSource({
        "2026-03-01, 2026-02-28T23:00:00Z",
        "2026-03-01T22:17:31, 2026-03-01T21:17:31Z",
        "2026-03-01T22:17:31Z, 2026-03-01T22:17:31Z",
        "2026-03-01T22:17:31.5-05:00, 2026-03-02T03:17:31.500Z",
    })
    void timesAreParsed(String typed, String meant) throws Exception {
        assertEquals(meant, TimeParser.parse(typed, ZoneId.of("Europe/Berlin")).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "yesterday", "2026-13-01", "2026-03-01T25:00:00", "2026-03-01 22:00:00"})
    void invalidTimeIsRefused(String typed) {
        assertThrows(UsageException.class, () -> TimeParser.parse(typed, ZoneId.of("UTC")));
    }

    private String errors() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private int run(String... args) {
        String[] all = new String[args.length + 2];
        System.arraycopy(args, 0, all, 0, args.length);
        all[args.length] = "--image-path";
        all[args.length + 1] = dir.resolve("images").toString();
        return Main.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                all);
    }
}
