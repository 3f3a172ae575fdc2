package io.ociregistry.standalone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.TestArchive;
import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A command whose output is lost fails, so that a script does not go on with a short file. */
class LostOutputTest {
    @TempDir
    Path dir;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "list",
                "list --output wide",
                "list --output json",
                "list --output csv",
                "list --digests",
                "export --output -",
                "prune --dry-run --pattern quay",
                "verify",
                "version"
            })
    void commandFailsWhenStandardOutputIsFull(String command) throws Exception {
        TestArchive made = new TestArchive();
        made.list(made.image("amd64", TestArchive.random(1, 10_000)), TestArchive.FULL_NAME, "quay.io/app:1")
                .layout();
        Path tar = made.tar(dir.resolve("made.tar"));
        assertEquals(0, run(OutputStream.nullOutputStream(), "load --image-file " + tar));

        try (var full = new FileOutputStream("/dev/full")) {
            assertEquals(1, run(full, command));
        }
        assertTrue(errors.toString(StandardCharsets.UTF_8).contains("standard output"), errors::toString);
    }

    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();

    private int run(OutputStream out, String line) {
        return Main.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(errors, true, StandardCharsets.UTF_8),
                (line + (line.equals("version") ? "" : " --image-path " + dir.resolve("images"))).split(" "));
    }
}
