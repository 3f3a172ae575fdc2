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

/** Whom files belong to that root makes in a directory of another user. */
class FileOwnerTest {
    private static final int USER = 54_321;
    private static final int GROUP = 54_322;

    @TempDir
    Path directory;

    @BeforeEach
    void onlyRootCanGiveFilesAway() {
        assumeTrue(ProcessUser.now().uid().orElse(-1) == 0);
    }

    @Test
    void fileGetsOwnerGroupAndModeOfItsDirectory() throws IOException {
        give(directory, "rwxr-x---");
        FileOwner owner = FileOwner.of(List.of(directory));
        assertTrue(owner.gives());
        assertFalse(owner.isForeign());
        Path file = made("file", "---------");
        Path below = Files.createDirectory(directory.resolve("below"));
        Files.setPosixFilePermissions(below, PosixFilePermissions.fromString("rwx------"));

        owner.give(file);
        owner.give(below);

        assertEquals(USER + " " + GROUP + " rw-r-----", seen(file));
        assertEquals(USER + " " + GROUP + " rwxr-x---", seen(below));
    }

    @Test
    void fileOfTheOwnerKeepsItsMode() throws IOException {
        Path file = made("file", "rw-rw-rw-");
        give(file, "rw-------");
        give(directory, "rwxr-xr-x");
        FileOwner.of(List.of(directory)).give(file);
        assertEquals(USER + " " + GROUP + " rw-------", seen(file));
    }

    @Test
    void linkIsLeftAloneAndSoIsItsTarget() throws IOException {
        Path target = made("target", "rw-------");
        Path link = Files.createSymbolicLink(directory.resolve("link"), target);
        give(directory, "rwxr-xr-x");
        FileOwner.of(List.of(directory)).give(link);
        assertEquals("0 0 rw-------", seen(target));
    }

    @Test
    void directoryOfRootSaysNothingAboutItsUser() throws IOException {
        Path content = Files.createDirectory(directory.resolve("blobs"));
        give(content, "rwxr-xr-x");
        assertTrue(FileOwner.of(List.of(directory, directory.resolve("nowhere"), content))
                .gives());
        assertFalse(FileOwner.of(List.of(directory)).gives());
    }

    @Test
    void ownerIsDeniedWhatNobodyGaveToIt() throws IOException {
        give(directory, "rwxr-xr-x");
        FileOwner owner = FileOwner.of(List.of(directory));
        assertTrue(owner.isDeniedToOwner(made("a", "rw-------")));
        assertTrue(owner.isDeniedToOwner(made("b", "rw-r-----")));
        assertFalse(owner.isDeniedToOwner(made("c", "rw-r--r--")));
        Path own = made("d", "rw-------");
        give(own, "r--------");
        assertFalse(owner.isDeniedToOwner(own));
        assertFalse(owner.isDeniedToOwner(directory.resolve("nowhere")));
        assertTrue(owner.whyDeniedToOwner(directory.resolve("a"), directory)
                .contains("a belongs to root (uid 0) and group root with mode rw-------, and " + directory
                        + " belongs to uid " + USER + "; run: chown -R " + USER + " " + directory));
    }

    @Test
    void nothingIsLeftOfFindingOut() throws IOException {
        give(directory, "rwxr-xr-x");
        FileOwner.of(List.of(directory));
        try (var files = Files.list(directory)) {
            assertEquals(List.of(), files.toList());
        }
    }

    private Path made(String name, String mode) throws IOException {
        Path file = Files.createFile(directory.resolve(name));
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    }

    private static void give(Path file, String mode) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
        Files.setAttribute(file, "unix:uid", USER);
        Files.setAttribute(file, "unix:gid", GROUP);
    }

    private static String seen(Path file) throws IOException {
        return Files.getAttribute(file, "unix:uid") + " " + Files.getAttribute(file, "unix:gid") + " "
                + PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
