package io.ociregistry.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.FileSystemException;
import org.junit.jupiter.api.Test;

class DiskFailureTest {
    @Test
    void fullDiskHasARemedy() {
        assertEquals(
                "the disk is full (No space left on device); make room, prune the cache, or set cache.maxSize below the"
                        + " size of the disk",
                DiskFailure.describe(new IOException("No space left on device")));
    }

    @Test
    void otherFailureIsItsReason() {
        assertEquals("Read-only", DiskFailure.describe(new FileSystemException("/cache", null, "Read-only")));
    }
}
