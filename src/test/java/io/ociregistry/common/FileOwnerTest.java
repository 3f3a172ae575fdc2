package io.ociregistry.common;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks the owner of files that root creates in a directory of another user. */
class FileOwnerTest {
    private static final int USER = 54_321;
    private static final int GROUP = 54_322;

    @TempDir
    Path directory;

    @BeforeEach
    void onlyRootCanChangeOwners() {
        assumeTrue(ProcessUser.current().uid().orElse(-1) == 0);
    }

    @Test
    void fileGetsOwnerGroupAndModeOfItsDirectory() throws IOException {
        chown(directory, "rwxr-x---");
        FileOwner owner = FileOwner.of(List.of(directory));
        assertTrue(owner.changesOwner());
        assertFalse(owner.cannotChangeOwner());
        Path file = createFile("file", "---------");
        Path below = Files.createDirectory(directory.resolve("below"));
        Files.setPosixFilePermissions(below, PosixFilePermissions.fromString("rwx------"));

        owner.changeOwner(file);
        owner.changeOwner(below);

        assertEquals(USER + " " + GROUP + " rw-r-----", attributes(file));
        assertEquals(USER + " " + GROUP + " rwxr-x---", attributes(below));
    }

    @Test
    void fileOfTheOwnerKeepsItsMode() throws IOException {
        Path file = createFile("file", "rw-rw-rw-");
        chown(file, "rw-------");
        chown(directory, "rwxr-xr-x");
        FileOwner.of(List.of(directory)).changeOwner(file);
        assertEquals(USER + " " + GROUP + " rw-------", attributes(file));
    }

    @Test
    void linkAndItsTargetAreUnchanged() throws IOException {
        Path target = createFile("target", "rw-------");
        Path link = Files.createSymbolicLink(directory.resolve("link"), target);
        chown(directory, "rwxr-xr-x");
        FileOwner.of(List.of(directory)).changeOwner(link);
        assertEquals("0 0 rw-------", attributes(target));
    }

    @Test
    void directoryOfRootIsSkipped() throws IOException {
        Path content = Files.createDirectory(directory.resolve("blobs"));
        chown(content, "rwxr-xr-x");
        assertTrue(FileOwner.of(List.of(directory, directory.resolve("nowhere"), content))
                .changesOwner());
        assertFalse(FileOwner.of(List.of(directory)).changesOwner());
    }

    @Test
    void ownerIsDeniedByOwnerGroupAndMode() throws IOException {
        chown(directory, "rwxr-xr-x");
        FileOwner owner = FileOwner.of(List.of(directory));
        assertTrue(owner.isDeniedToOwner(createFile("a", "rw-------")));
        assertTrue(owner.isDeniedToOwner(createFile("b", "rw-r-----")));
        assertFalse(owner.isDeniedToOwner(createFile("c", "rw-r--r--")));
        Path own = createFile("d", "rw-------");
        chown(own, "r--------");
        assertFalse(owner.isDeniedToOwner(own));
        assertFalse(owner.isDeniedToOwner(directory.resolve("nowhere")));
        assertTrue(owner.whyDeniedToOwner(directory.resolve("a"), directory)
                .contains("a belongs to root (uid 0) and group root with mode rw-------, and " + directory
                        + " belongs to uid " + USER + "; run: chown -R " + USER + " " + directory));
    }

    @Test
    void probeFileIsDeleted() throws IOException {
        chown(directory, "rwxr-xr-x");
        FileOwner.of(List.of(directory));
        try (var files = Files.list(directory)) {
            assertEquals(List.of(), files.toList());
        }
    }

    private Path createFile(String name, String mode) throws IOException {
        Path file = Files.createFile(directory.resolve(name));
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    }

    private static void chown(Path file, String mode) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
        Files.setAttribute(file, "unix:uid", USER);
        Files.setAttribute(file, "unix:gid", GROUP);
    }

    private static String attributes(Path file) throws IOException {
        return Files.getAttribute(file, "unix:uid") + " " + Files.getAttribute(file, "unix:gid") + " "
                + PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
