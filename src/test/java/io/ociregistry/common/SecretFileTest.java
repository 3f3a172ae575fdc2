package io.ociregistry.common;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretFileTest {
    /** A file of the kernel that not even root may read. */
    private static final Path WRITE_ONLY = Path.of("/proc/sys/vm/compact_memory");

    @TempDir
    Path dir;

    @Test
    void deniedFileIsReportedWithItsOwnerTheUserAndRemedyWithoutClassName() {
        assumeTrue(Files.isRegularFile(WRITE_ONLY) && !Files.isReadable(WRITE_ONLY));
        String message = failure(WRITE_ONLY);
        assertTrue(
                message.startsWith("auth.passwordFile " + WRITE_ONLY + " can't be used: permission denied: "), message);
        assertTrue(
                message.contains(WRITE_ONLY + " belongs to root (uid 0) and group root with mode -w-------"), message);
        assertTrue(message.contains("this process runs as "), message);
        assertTrue(message.contains("LoadCredential"), message);
        assertFalse(message.contains("Exception"), message);
    }

    @Test
    void missingFileAndDirectoryAreToldApart() {
        Path missing = dir.resolve("none");
        assertEquals("auth.passwordFile " + missing + " can't be used: it does not exist", failure(missing));
        assertEquals("auth.passwordFile " + dir + " can't be used: Is a directory", failure(dir));
    }

    private static String failure(Path file) {
        return assertThrows(
                        UnusableFileException.class,
                        () -> SecretFile.read("auth.passwordFile", file, SecretFile::firstLine))
                .getMessage();
    }
}
