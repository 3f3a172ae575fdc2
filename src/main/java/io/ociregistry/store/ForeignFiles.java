package io.ociregistry.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** Files that other programs put into our directories: sync tools, copies, restores. */
final class ForeignFiles {
    /** A file this young may still be growing under somebody's hands. */
    private static final Duration SETTLED = Duration.ofSeconds(60);

    private ForeignFiles() {}

    /** False for the temporary and hidden files of sync tools. */
    static boolean isOurs(Path file) {
        String name = String.valueOf(file.getFileName());
        return !name.startsWith(".") && !name.endsWith(DurableFiles.TEMPORARY);
    }

    /** True if nobody wrote to it for a while; what is younger and wrong is "not there yet", not bad. */
    static boolean isSettled(Path file) {
        try {
            return Files.getLastModifiedTime(file)
                    .toInstant()
                    .isBefore(Instant.now().minus(SETTLED));
        } catch (IOException e) {
            return false;
        }
    }
}
