package io.ociregistry.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class StoreLockTest {
    private static final String PID = "pid " + ProcessHandle.current().pid();

    @TempDir
    Path root;

    private Layout layout;

    @BeforeEach
    void create() throws IOException {
        layout = new Layout(root);
        layout.create();
    }

    @Test
    void secondLockInThisProcessIsRefused() throws IOException {
        StoreLock lock = StoreLock.acquire(layout, "first");
        try {
            IOException refused = assertThrows(IOException.class, () -> StoreLock.acquire(layout, "second"));
            assertTrue(refused.getMessage().contains("in this process"), refused.getMessage());
            assertTrue(refused.getMessage().contains(PID + ", first"), refused.getMessage());
            assertTrue(refused.getMessage().contains(root.toString()), refused.getMessage());
        } finally {
            lock.close();
        }
    }

    @Test
    void otherPathOfTheDirectoryIsTheSameStore() throws IOException {
        Path link = Files.createSymbolicLink(root.resolveSibling(root.getFileName() + "-link"), root);
        StoreLock lock = StoreLock.acquire(layout, "first");
        try {
            assertThrows(IOException.class, () -> StoreLock.acquire(new Layout(link), "second"));
            assertThrows(IOException.class, () -> StoreLock.acquire(new Layout(root.resolve("blobs/..")), "second"));
        } finally {
            lock.close();
            Files.delete(link);
        }
    }

    @Test
    void refusalInAnotherProcessNamesTheHolder() throws Exception {
        StoreLock lock = StoreLock.acquire(layout, "the first one");
        try {
            String refused = inAnotherProcess();
            assertTrue(refused.contains("another process"), refused);
            assertTrue(refused.contains(PID + ", the first one"), refused);
        } finally {
            lock.close();
        }
    }

    @Test
    void refusalDoesNotReleaseTheLock() throws Exception {
        StoreLock lock = StoreLock.acquire(layout, "first");
        try {
            for (int i = 0; i < 10; i++) {
                assertThrows(IOException.class, () -> StoreLock.acquire(layout, "second"));
            }
            // The garbage collector closes unused channels, and POSIX then releases the lock of the process.
            for (int i = 0; i < 5; i++) {
                System.gc();
            }
            String refused = inAnotherProcess();
            assertTrue(refused.contains("another process"), refused);
        } finally {
            lock.close();
        }
    }

    @Test
    void closeReleasesTheLock() throws Exception {
        StoreLock.acquire(layout, "first").close();
        assertEquals("taken", inAnotherProcess());
        StoreLock.acquire(layout, "second").close();
        StoreLock.acquire(layout, "third").close();
    }

    @Test
    void endOfTheProcessReleasesTheLock() throws Exception {
        assertEquals("taken", inAnotherProcess());
        StoreLock.acquire(layout, "second").close();
    }

    @Test
    void missingDirectoryCantBeLocked() throws IOException {
        Layout nowhere = new Layout(root.resolve("nowhere"));
        assertThrows(IOException.class, () -> StoreLock.acquire(nowhere, "first"));
        nowhere.create();
        StoreLock.acquire(nowhere, "second").close();
    }

    /** Returns the output of another process that tries to acquire the lock. */
    private String inAnotherProcess() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-Xshare:auto",
                        LockMain.class.getName(),
                        root.toString())
                .redirectErrorStream(true)
                .start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            return output;
        } finally {
            process.destroyForcibly();
        }
    }

    /** The main class of the other process, which ends without releasing the lock. */
    static final class LockMain {
        private LockMain() {}

        public static void main(String[] arguments) {
            try {
                StoreLock lock = StoreLock.acquire(new Layout(Path.of(arguments[0])), "the other one");
                System.out.println(lock == null ? "nothing" : "taken");
            } catch (IOException e) {
                System.out.println(e.getMessage());
            }
        }
    }
}
