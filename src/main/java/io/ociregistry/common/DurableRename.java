package io.ociregistry.common;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Renames a file so that its new name survives a crash of the machine. */
public final class DurableRename {
    private DurableRename() {}

    /**
     * Renames a file and forces the rename to disk. An existing target is replaced.
     *
     * @param source a file whose content the caller has forced to disk
     * @throws AtomicMoveNotSupportedException if the target is on another file system
     */
    public static void publish(Path source, Path target) throws IOException {
        rename(source, target);
        forceDirectory(target.resolveSibling("."));
    }

    /**
     * Renames a file without forcing the rename to disk. An existing target is replaced.
     *
     * @throws AtomicMoveNotSupportedException if the target is on another file system
     */
    public static void rename(Path source, Path target) throws IOException {
        Files.move(source, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Forces to disk that files were created, renamed or deleted in this directory. */
    public static void forceDirectory(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
