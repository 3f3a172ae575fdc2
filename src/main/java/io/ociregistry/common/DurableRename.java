package io.ociregistry.common;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Renames files so that the new name survives a crash of the machine. */
public final class DurableRename {
    private DurableRename() {}

    /**
     * Renames a file whose content was forced, and forces the rename.
     *
     * @throws AtomicMoveNotSupportedException if the target is on another file system
     */
    public static void publish(Path aside, Path target) throws IOException {
        Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        forceDirectory(target.resolveSibling("."));
    }

    /** Forces what was made, renamed or deleted in a directory. */
    public static void forceDirectory(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
