package io.ociregistry.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ociregistry.testing.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnreadableFilesTest {
    /** A file that root can't read either. */
    private static final Path WRITE_ONLY = Path.of("/proc/sys/vm/compact_memory");

    @TempDir
    Path root;

    private UnreadableFiles unreadable;

    @BeforeEach
    void unreadableFilesAreThere() throws IOException {
        assumeTrue(Files.isRegularFile(WRITE_ONLY) && !Files.isReadable(WRITE_ONLY));
        unreadable = new UnreadableFiles(root);
        Files.createSymbolicLink(root.resolve("a"), WRITE_ONLY);
        Files.createSymbolicLink(root.resolve("b"), WRITE_ONLY);
    }

    @Test
    void logHasOneLineAtTheFirstFileAndOneAtTheEnd() throws IOException {
        try (LogLines log = LogLines.of(UnreadableFiles.class.getName())) {
            unreadable.logChange();
            assertTrue(unreadable.reasonIfUnreadable(root.resolve("a")).isPresent());
            assertTrue(unreadable.reasonIfUnreadable(root.resolve("b")).isPresent());
            unreadable.logChange();
            unreadable.logChange();
            assertEquals(1, log.at("ERROR").size(), log.text());
            assertTrue(log.text().contains("2 files or directories of the cache"), log.text());
            assertTrue(log.text().contains(root.resolve("a") + " belongs to root (uid 0)"), log.text());

            Files.delete(root.resolve("a"));
            unreadable.logChange();
            Files.delete(root.resolve("b"));
            unreadable.logChange();
            unreadable.logChange();
            assertEquals(1, log.at("ERROR").size(), log.text());
            assertEquals(1, log.at("INFO").size(), log.text());
            assertTrue(log.at("INFO").get(0).contains("are readable again"), log.text());
        }
    }

    @Test
    void missingAndReadableFilesAreNotUnreadable() throws IOException {
        Files.createFile(root.resolve("c"));
        Files.createSymbolicLink(root.resolve("loop"), Path.of("loop"));
        assertEquals(Optional.empty(), unreadable.reasonIfUnreadable(root.resolve("c")));
        assertEquals(Optional.empty(), unreadable.reasonIfUnreadable(root.resolve("nowhere")));
        assertEquals(Optional.empty(), unreadable.reasonIfUnreadable(root.resolve("loop")));
        assertEquals(Optional.empty(), unreadable.summary());
    }
}
