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
    void aSecondTakerInThisProcessIsTold() throws IOException {
        StoreLock lock = StoreLock.take(layout, "first");
        try {
            IOException refused = assertThrows(IOException.class, () -> StoreLock.take(layout, "second"));
            assertTrue(refused.getMessage().contains("in this process"), refused.getMessage());
            assertTrue(refused.getMessage().contains(PID + ", first"), refused.getMessage());
            assertTrue(refused.getMessage().contains(root.toString()), refused.getMessage());
        } finally {
            lock.close();
        }
    }

    @Test
    void anotherNameOfTheDirectoryIsTheSameStore() throws IOException {
        Path link = Files.createSymbolicLink(root.resolveSibling(root.getFileName() + "-link"), root);
        StoreLock lock = StoreLock.take(layout, "first");
        try {
            assertThrows(IOException.class, () -> StoreLock.take(new Layout(link), "second"));
            assertThrows(IOException.class, () -> StoreLock.take(new Layout(root.resolve("blobs/..")), "second"));
        } finally {
            lock.close();
            Files.delete(link);
        }
    }

    @Test
    void aSecondTakerInAnotherProcessIsToldWhoHasIt() throws Exception {
        StoreLock lock = StoreLock.take(layout, "the first one");
        try {
            String refused = inAnotherProcess();
            assertTrue(refused.contains("another process"), refused);
            assertTrue(refused.contains(PID + ", the first one"), refused);
        } finally {
            lock.close();
        }
    }

    @Test
    void whoIsRefusedDoesNotTakeTheLockAway() throws Exception {
        StoreLock lock = StoreLock.take(layout, "first");
        try {
            for (int i = 0; i < 10; i++) {
                assertThrows(IOException.class, () -> StoreLock.take(layout, "second"));
            }
            // A channel that nobody holds is closed by the collector, and POSIX then gives back the lock of the
            // process.
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
    void itIsGivenBackWhenItIsClosed() throws Exception {
        StoreLock.take(layout, "first").close();
        assertEquals("taken", inAnotherProcess());
        StoreLock.take(layout, "second").close();
        StoreLock.take(layout, "third").close();
    }

    @Test
    void itIsGivenBackWhenItsProcessEnds() throws Exception {
        assertEquals("taken", inAnotherProcess());
        StoreLock.take(layout, "second").close();
    }

    @Test
    void aDirectoryThatIsNotThereIsNotLocked() throws IOException {
        Layout nowhere = new Layout(root.resolve("nowhere"));
        assertThrows(IOException.class, () -> StoreLock.take(nowhere, "first"));
        nowhere.create();
        StoreLock.take(nowhere, "second").close();
    }

    /** What another process says that tries to take the lock. */
    private String inAnotherProcess() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-Xshare:auto",
                        Taker.class.getName(),
                        root.toString())
                .redirectErrorStream(true)
                .start();
        try {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            return said;
        } finally {
            process.destroyForcibly();
        }
    }

    /** The other process. It ends without giving anything back. */
    static final class Taker {
        private Taker() {}

        public static void main(String[] arguments) {
            try {
                StoreLock lock = StoreLock.take(new Layout(Path.of(arguments[0])), "the other one");
                System.out.println(lock == null ? "nothing" : "taken");
            } catch (IOException e) {
                System.out.println(e.getMessage());
            }
        }
    }
}
