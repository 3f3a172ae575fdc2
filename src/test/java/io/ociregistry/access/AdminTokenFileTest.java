package io.ociregistry.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ociregistry.testing.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdminTokenFileTest {
    private static final String GOOD = "0123456789-abcdefghijklmnopqrstuvwxyz";

    @TempDir
    Path root;

    @Test
    void tokenIsRandomAndPrivate() throws IOException {
        String token = file().readOrCreate();
        assertTrue(token.matches("[A-Za-z0-9_-]{43}"), token);
        assertEquals(token + "\n", Files.readString(path()));
        assertPrivate();
        assertEquals(token, file().readOrCreate());
        Files.delete(path());
        assertNotEquals(token, file().readOrCreate());
    }

    @Test
    void existingPrivateTokenIsKept() throws IOException {
        write(GOOD, "r--------");
        assertEquals(GOOD, file().readOrCreate());
        assertEquals("r--------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path())));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rw-----w-", "rwx------"})
    void fileThatOthersMayReadOrChangeIsReplaced(String permissions) throws IOException {
        write(GOOD, permissions);
        assertReplaced("others may read or change it (" + permissions + ")");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "short", "0123456789abcdef", GOOD + "\n" + GOOD, GOOD + " x", GOOD + "\u0001"})
    void malformedTokenIsReplaced(String content) throws IOException {
        write(content, "rw-------");
        assertReplaced("it is not one line");
    }

    @Test
    void fileOfAnotherUserIsReplaced() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "only root can change the owner of a file");
        write(GOOD, "rw-------");
        Files.setAttribute(path(), "unix:uid", 12345);
        assertReplaced("it belongs to another user");
        assertEquals(Files.getOwner(root), Files.getOwner(path()));
    }

    @Test
    void linkIsReplacedAndItsTargetIsUnchanged() throws IOException {
        Path target = Files.writeString(root.resolve("target"), GOOD);
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-------"));
        Files.createSymbolicLink(path(), target);
        Files.createSymbolicLink(root.resolve("admin-token.tmp"), target);
        assertReplaced("it is not a regular file");
        assertFalse(Files.isSymbolicLink(path()));
        assertEquals(GOOD, Files.readString(target));
        assertFalse(Files.exists(root.resolve("admin-token.tmp"), LinkOption.NOFOLLOW_LINKS));
    }

    @Test
    void directoryInItsPlaceFailsWithItsPath() throws IOException {
        Files.createDirectory(path());
        IOException refused = assertThrows(IOException.class, file()::readOrCreate);
        assertTrue(refused.getMessage().startsWith(path() + " can't be created: "), refused.getMessage());
        assertFalse(Files.exists(root.resolve("admin-token.tmp")));
    }

    @Test
    void readOnlyStoreUsesTheFileAndNeverCreatesOne() throws IOException {
        AdminTokenFile readOnly = new AdminTokenFile(root, false);
        IOException refused = assertThrows(IOException.class, readOnly::readOrCreate);
        assertEquals(
                path() + " can't be used (it does not exist) or created (the image path is read-only)",
                refused.getMessage());
        assertFalse(Files.exists(path()));
        write(GOOD, "rw-r--r--");
        assertThrows(IOException.class, readOnly::readOrCreate);
        assertEquals(GOOD, Files.readString(path()));
        write(GOOD, "rw-------");
        assertEquals(GOOD, readOnly.readOrCreate());
    }

    private void assertReplaced(String reason) throws IOException {
        try (LogLines log = LogLines.of(AdminTokenFile.class.getName())) {
            String token = file().readOrCreate();
            assertNotEquals(GOOD, token);
            assertEquals(token + "\n", Files.readString(path()));
            String line = log.at("WARN").get(0);
            assertTrue(line.startsWith("WARN replaced the admin token file " + path() + ": " + reason), line);
            assertFalse(log.text().contains(token));
            assertFalse(log.text().contains(GOOD));
        }
        assertPrivate();
    }

    private void assertPrivate() throws IOException {
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path())));
    }

    private void write(String content, String permissions) throws IOException {
        Files.writeString(path(), content);
        Files.setPosixFilePermissions(path(), PosixFilePermissions.fromString(permissions));
    }

    private AdminTokenFile file() {
        return new AdminTokenFile(root, true);
    }

    private Path path() {
        return AdminTokenFile.pathIn(root);
    }
}
