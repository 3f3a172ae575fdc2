package io.ociregistry.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.store.Store;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class StoreAccessTest {
    @TempDir
    Path root;

    @Test
    void newStoreIsCreatedAndLocked() throws IOException {
        Path images = root.resolve("deep/images");
        try (StoreAccess access = StoreAccess.open(images, "first")) {
            assertTrue(access.layout().isWritable());
            assertEquals(Optional.empty(), access.warning());
            assertTrue(Files.isDirectory(images.resolve("blobs")));
            assertThrows(Store.InUseException.class, () -> StoreAccess.open(images, "second"));
        }
        StoreAccess.open(images, "third").close();
    }

    @Test
    void storeIsReadOnlyIfItsLockCantBeOpened() throws IOException {
        StoreAccess.open(root, "first").close();
        lockCantBeOpened();
        try (StoreAccess access = StoreAccess.open(root, "second");
                StoreAccess another = StoreAccess.open(root, "third")) {
            assertFalse(access.layout().isWritable());
            assertFalse(another.layout().isWritable(), "reading needs no lock");
            String warning = access.warning().orElseThrow();
            assertTrue(warning.contains(root + " can't be written") && warning.contains("Is a directory"), warning);
        }
    }

    @Test
    void emptyRootThatCantBeWrittenIsAnError() throws IOException {
        lockCantBeOpened();
        assertThrows(IOException.class, () -> StoreAccess.open(root, "first"));
        Path file = Files.createFile(root.resolve("file"));
        assertThrows(IOException.class, () -> StoreAccess.open(file, "first"));
        assertThrows(IOException.class, () -> StoreAccess.open(file.resolve("below"), "first"));
    }

    @Test
    void storeWithAnUnreadableDirectoryIsNotOpenedToRead() throws IOException {
        StoreAccess.open(root, "first").close();
        StoreAccess.openReadOnly(root).close();
        Files.delete(root.resolve("img"));
        StoreAccess.openReadOnly(root).close();
        Files.createFile(root.resolve("img"));

        IOException refused = assertThrows(IOException.class, () -> StoreAccess.openReadOnly(root));

        assertEquals(root.resolve("img") + " can't be read: it is not a directory", refused.getMessage());
    }

    @Test
    void storeOpensWithoutOneDirectoryAndLockInfo() throws IOException {
        StoreAccess.open(root, "first").close();
        Files.delete(root.resolve("lists"));
        Files.createFile(root.resolve("lists"));
        Files.delete(root.resolve(".lock.info"));
        Files.createDirectory(root.resolve(".lock.info"));
        try (StoreAccess access = StoreAccess.open(root, "second")) {
            assertTrue(access.layout().isWritable());
            assertThrows(Store.InUseException.class, () -> StoreAccess.open(root, "third"));
        }
    }

    @Test
    void temporaryFilesAreDeletedAndPartialFilesStay() throws IOException {
        StoreAccess.open(root, "first").close();
        Path temporary = Files.createFile(root.resolve("partial/" + "0".repeat(64) + ".1.tmp"));
        Path partial = Files.createFile(root.resolve("partial/" + "0".repeat(64) + "@quay.io"));
        StoreAccess.open(root, "second").close();
        assertFalse(Files.exists(temporary));
        assertTrue(Files.exists(partial));
    }

    @Test
    void readOnlyStoreRefusesWrites() throws IOException {
        StoreAccess.open(root, "first").close();
        lockCantBeOpened();
        try (StoreAccess access = StoreAccess.open(root, "second")) {
            Layout layout = access.layout();
            for (Path directory : new Path[] {layout.blobs(), layout.partials(), layout.corrupt()}) {
                assertThrows(IOException.class, () -> layout.ensureDirectory(directory));
            }
        }
    }

    /** Puts a directory in the place of the lock file, because root may open every file. */
    private void lockCantBeOpened() throws IOException {
        Files.deleteIfExists(root.resolve(".lock"));
        Files.createDirectory(root.resolve(".lock"));
    }
}
