package io.ociregistry.store.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;

/** Recognizes files that other programs, such as sync tools and restores, put into the store. */
public final class ExternalFiles {
    /** A file that was modified within this time may still be written by another program. */
    private static final Duration SETTLED = Duration.ofSeconds(60);

    private ExternalFiles() {}

    /** False for hidden and temporary files, which sync tools create. */
    public static boolean isCacheFile(Path file) {
        String name = String.valueOf(file.getFileName());
        return !name.startsWith(".") && !name.endsWith(DurableFiles.TEMPORARY);
    }

    /**
     * Returns the later one of modification time and inode change time. The modification time alone is not enough: a
     * copy may set an old one, and a rename keeps it.
     */
    public static Instant lastChanged(Path file) throws IOException {
        Instant modified = Files.getLastModifiedTime(file).toInstant();
        try {
            Instant inodeChanged = ((FileTime) Files.getAttribute(file, "unix:ctime")).toInstant();
            return inodeChanged.isAfter(modified) ? inodeChanged : modified;
        } catch (UnsupportedOperationException | IllegalArgumentException notUnix) {
            return modified;
        }
    }

    /** True if a file was not modified in the last minute. A younger file with wrong content may just be incomplete. */
    public static boolean isSettled(Path file) {
        try {
            return Files.getLastModifiedTime(file)
                    .toInstant()
                    .isBefore(Instant.now().minus(SETTLED));
        } catch (IOException e) {
            return false;
        }
    }
}
