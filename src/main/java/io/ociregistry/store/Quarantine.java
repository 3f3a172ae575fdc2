package io.ociregistry.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where files go that are not what their name says. They are kept for whoever wants to know why, and never served. */
final class Quarantine {
    private static final Logger LOG = LoggerFactory.getLogger(Quarantine.class);

    private final Path directory;

    Quarantine(Path directory) {
        this.directory = directory;
    }

    /** Moves a file away. If that fails it stays where it is, and is found to be wrong again. */
    void take(Path file, String reason) {
        Path target = directory.resolve(file.getFileName() + "." + Instant.now().toEpochMilli());
        try {
            Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
            Files.writeString(directory.resolve(target.getFileName() + ".reason"), file + ": " + reason + "\n");
            LOG.error("quarantined {}: {}; it is now {}", file, reason, target);
        } catch (IOException e) {
            LOG.error("{} is bad ({}) and can't be moved to {}: {}", file, reason, target, e.toString());
        }
    }
}
