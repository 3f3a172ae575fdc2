package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.Screen;
import io.ociregistry.testing.TestArchive;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands of the jar on a terminal that the program {@code script} makes. */
@Timeout(120)
class TerminalIT {
    @TempDir
    Path dir;

    @BeforeEach
    void requireScript() {
        Peers.require("script");
    }

    @Test
    void exportWritesNoArchiveToTerminal() throws Exception {
        TestArchive made = new TestArchive();
        made.list(made.image("amd64", TestArchive.random(1, 10_000)), TestArchive.FULL_NAME, "quay.io/app:1")
                .layout();
        Path tar = made.tar(dir.resolve("made.tar"));
        Program.run("load", jar("load", "--image-file", tar.toString()));

        String printed = Program.run(
                "export", onTerminal(String.join(" ", jar("export", "--output", "-")) + " || echo code $?"));

        assertTrue(printed.contains("--output - would write a tar archive to the terminal"), printed);
        assertTrue(printed.contains("code 1"), printed);
        assertEquals(-1, printed.indexOf("ustar"), printed);
    }

    @ParameterizedTest
    @ValueSource(ints = {80, 120, 200})
    void loadOfSeveralImagesKeepsOneBar(int columns) throws Exception {
        TestArchive made = new TestArchive();
        for (int i = 0; i < 5; i++) {
            made.list(
                    made.image("amd64", TestArchive.random(i, 2_000_000)),
                    TestArchive.FULL_NAME,
                    "quay.io/app" + i + ":1");
        }
        Path tar = made.layout().tar(dir.resolve("made.tar"));

        String printed = Program.run(
                "load",
                onTerminal("stty cols " + columns + "; "
                        + String.join(" ", jar("load", "--platform", "all", "--image-file", tar.toString()))));

        List<String> shown = Screen.lines(printed, columns);
        assertEquals(8, shown.size(), printed);
        for (int i = 0; i < 5; i++) {
            assertTrue(shown.get(i).startsWith("loaded quay.io/app" + i + ":1: 2.0 MB in "), printed);
        }
        String bar = shown.get(5);
        assertTrue(bar.startsWith("loading 100% ["), printed);
        assertTrue(bar.contains(" 10/10 MB "), printed);
        assertTrue(bar.endsWith("B/s"), printed);
        assertTrue(bar.length() < columns && bar.length() > columns - 25, printed);
        assertTrue(shown.get(6).startsWith("5 loaded, 0 already there, 0 failed; 10.0 MB in "), printed);
        assertEquals("", shown.get(7));
    }

    @Test
    void verifyExportAndPruneShowTheirProgress() throws Exception {
        TestArchive made = new TestArchive();
        made.list(made.image("amd64", TestArchive.random(1, 2_000_000)), TestArchive.FULL_NAME, "quay.io/app:1")
                .layout();
        Path tar = made.tar(dir.resolve("made.tar"));
        Program.run("load", jar("load", "--platform", "all", "--image-file", tar.toString()));

        assertShown("verifying 100% [", "1 manifests, 2 blobs, 2.0 MB: no problem", "verify");
        assertShown("exporting 100% [", "exported 1 names", "export", "--output", dir.resolve("o.tar") + "");
        assertShown("pruning 100% [", "Total: 1 names", "prune", "--pattern", "app");
    }

    /** Asserts that a bar and a line of the result are on the screen, each on its line. */
    private void assertShown(String bar, String result, String... command) throws Exception {
        String printed = Program.run(command[0], onTerminal("stty cols 120; " + String.join(" ", jar(command))));
        List<String> shown = Screen.lines(printed, 120);
        assertTrue(shown.stream().anyMatch(line -> line.startsWith(bar)), printed);
        assertTrue(shown.stream().anyMatch(line -> line.startsWith(result)), printed);
    }

    private List<String> jar(String... arguments) {
        return Stream.concat(
                        Stream.of(Java.executable(), "-jar", FatJar.artifact().toString()),
                        Stream.concat(
                                Stream.of(arguments),
                                Stream.of("--image-path", dir.resolve("images").toString())))
                .toList();
    }

    private static List<String> onTerminal(String line) {
        return List.of("script", "-qec", line, "/dev/null");
    }
}
