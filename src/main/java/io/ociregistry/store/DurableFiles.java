package io.ociregistry.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Files that are either there, whole, or not there: written aside, forced, renamed, and the rename forced.
 *
 * <p>Somebody else's file under the same name is replaced: what is named by its content can't differ, and a record is newer.
 */
public final class DurableFiles {
    /** How the name of a file ends that is still being written. */
    static final String TEMPORARY = ".tmp";

    private static final AtomicLong SEQUENCE = new AtomicLong();

    private DurableFiles() {}

    /** Writes a whole file; {@code temporary} is a directory on the same file system. */
    static void write(Path target, byte[] bytes, Path temporary) throws IOException {
        Path aside = temporary.resolve(target.getFileName() + "." + SEQUENCE.incrementAndGet() + TEMPORARY);
        try {
            // A process that was killed may have left one of that name.
            try (FileChannel channel = FileChannel.open(
                    aside, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            }
            publish(aside, target);
        } finally {
            Files.deleteIfExists(aside);
        }
    }

    /** Renames a file whose content was forced, and forces the rename. */
    public static void publish(Path aside, Path target) throws IOException {
        Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        forceDirectory(target.resolveSibling("."));
    }

    /** Forces what was made, renamed or deleted in a directory. */
    static void forceDirectory(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
