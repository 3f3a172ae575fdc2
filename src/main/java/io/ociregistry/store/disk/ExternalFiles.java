package io.ociregistry.store.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;

/** Files that other programs put into our directories: sync tools, copies, restores. */
public final class ExternalFiles {
    /** A file this young may still be growing under somebody's hands. */
    private static final Duration SETTLED = Duration.ofSeconds(60);

    private ExternalFiles() {}

    /** False for the temporary and hidden files of sync tools. */
    public static boolean isOurs(Path file) {
        String name = String.valueOf(file.getFileName());
        return !name.startsWith(".") && !name.endsWith(DurableFiles.TEMPORARY);
    }

    /** When a file was written, or put where it is: a copy may have given it an old time, and a rename leaves it that. */
    public static Instant changed(Path file) throws IOException {
        Instant modified = Files.getLastModifiedTime(file).toInstant();
        try {
            Instant moved = ((FileTime) Files.getAttribute(file, "unix:ctime")).toInstant();
            return moved.isAfter(modified) ? moved : modified;
        } catch (UnsupportedOperationException | IllegalArgumentException elsewhere) {
            return modified;
        }
    }

    /** True if nobody wrote to it for a while; what is younger and wrong is "not there yet", not bad. */
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
