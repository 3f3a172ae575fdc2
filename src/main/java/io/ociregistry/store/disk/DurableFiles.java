package io.ociregistry.store.disk;

import io.ociregistry.common.DurableRename;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Files that are either there, whole, or not there: written aside, forced, renamed, and the rename forced. Where the
 * file aside is on another file system, a copy of it, forced too, is renamed.
 *
 * <p>Somebody else's file under the same name is replaced: what is named by its content can't differ, and a record is
 * newer. One that can't be read is not.
 */
public final class DurableFiles {
    /** How the name of a file ends that is still being written. */
    public static final String TEMPORARY = ".tmp";

    private static final int BUFFER = 1 << 16;
    private static final AtomicLong SEQUENCE = new AtomicLong();

    private DurableFiles() {}

    /** Writes a whole file. */
    public static void write(Layout layout, Path target, byte[] bytes) throws IOException {
        layout.prepare(layout.partials());
        Path aside = layout.partials().resolve(temporaryName(target));
        try {
            // A process that was killed may have left one of that name.
            try (FileChannel channel = layout.open(aside, StandardOpenOption.TRUNCATE_EXISTING)) {
                Layout.write(channel, ByteBuffer.wrap(bytes));
                channel.force(true);
            }
            publish(layout, aside, target);
        } finally {
            Files.deleteIfExists(aside);
        }
    }

    private static String temporaryName(Path target) {
        return target.getFileName() + "." + SEQUENCE.incrementAndGet() + TEMPORARY;
    }

    /** Gives a file of a store whose content was forced its name, and forces that. The file aside may stay. */
    public static void publish(Layout layout, Path aside, Path target) throws IOException {
        checkReplaceable(layout, target);
        try {
            DurableRename.publish(aside, target);
        } catch (AtomicMoveNotSupportedException otherDisk) {
            Path copy = copyBeside(layout, aside, target);
            try {
                DurableRename.publish(copy, target);
            } finally {
                Files.deleteIfExists(copy);
            }
        }
    }

    /**
     * Does nothing for a file that this process may replace.
     *
     * @throws AccessDeniedException for one that is there and can't be read: it may say what nothing else does
     */
    public static void checkReplaceable(Layout layout, Path target) throws AccessDeniedException {
        Optional<String> why = layout.unreadable().check(target);
        if (why.isPresent()) {
            throw new AccessDeniedException(target.toString(), null, "it is there but unreadable: " + why.get());
        }
    }

    /** Copies a file to the file system of a target, and forces the copy, which is the caller's to rename or delete. */
    public static Path copyBeside(Layout layout, Path file, Path target) throws IOException {
        Path directory = Layout.aside(Objects.requireNonNull(target.getParent()));
        layout.prepare(directory);
        Path copy = directory.resolve(temporaryName(target));
        try (FileChannel from = FileChannel.open(file, StandardOpenOption.READ);
                FileChannel to = layout.open(copy, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
            while (from.read(buffer.clear()) >= 0) {
                Layout.write(to, buffer.flip());
            }
            to.force(true);
            return copy;
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(copy);
            throw e;
        }
    }
}
