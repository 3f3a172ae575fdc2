package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.TestArchive;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

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
