package io.ociregistry.store.disk;

import io.ociregistry.common.DurableRename;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes files so that after a crash a file is either complete or absent.
 *
 * <p>A file is written to a temporary file, forced, and renamed, and the rename is forced. If the temporary file is on
 * another file system, it is copied to the file system of the target first, and the forced copy is renamed.
 *
 * <p>An existing target is replaced, even if another program wrote it: a file that is named by its digest has the same
 * content, and the new record is newer. A target that this process may not read is not replaced.
 */
public final class DurableFiles {
    /** The end of the names of temporary files. */
    public static final String TEMPORARY = ".tmp";

    private static final int BUFFER = 1 << 16;
    private static final AtomicLong SEQUENCE = new AtomicLong();

    private DurableFiles() {}

    /** Writes a file, or replaces it. */
    public static void write(Layout layout, Path target, byte[] bytes) throws IOException {
        Path temporary = layout.partials().resolve(temporaryName(target));
        boolean isRenamed = false;
        try {
            // A process that was killed may have left a file of this name.
            try (FileChannel channel = layout.openInDirectory(temporary, StandardOpenOption.TRUNCATE_EXISTING)) {
                Layout.write(channel, ByteBuffer.wrap(bytes));
                channel.force(true);
            }
            isRenamed = publish(layout, temporary, target);
        } finally {
            if (!isRenamed) {
                Files.deleteIfExists(temporary);
            }
        }
    }

    private static String temporaryName(Path target) {
        return temporaryName(String.valueOf(target.getFileName()));
    }

    /** Returns a new name of a temporary file. */
    public static String temporaryName(String purpose) {
        return purpose + "." + SEQUENCE.incrementAndGet() + TEMPORARY;
    }

    /** True for a temporary file of a process that runs or crashed. */
    public static boolean isTemporary(Path file) {
        return String.valueOf(file.getFileName()).endsWith(TEMPORARY);
    }

    /**
     * Renames a file whose content was forced to its target, and forces the rename.
     *
     * @return false if the target is on another file system: the source stays, and the caller deletes it
     */
    public static boolean publish(Layout layout, Path source, Path target) throws IOException {
        checkReplaceable(layout, target);
        boolean isRenamed = true;
        try {
            rename(layout, source, target);
        } catch (AtomicMoveNotSupportedException otherFileSystem) {
            isRenamed = false;
            Path copy = copyToFileSystemOf(layout, source, target);
            try {
                rename(layout, copy, target);
            } finally {
                Files.deleteIfExists(copy);
            }
        }
        layout.forceDirectory(Objects.requireNonNull(target.getParent()));
        return isRenamed;
    }

    /**
     * Renames a file without forcing the rename, and creates the directory of the target if it was removed.
     *
     * @throws AtomicMoveNotSupportedException if the target is on another file system
     */
    public static void rename(Layout layout, Path source, Path target) throws IOException {
        try {
            DurableRename.rename(source, target);
        } catch (NoSuchFileException removed) {
            layout.ensureDirectory(Objects.requireNonNull(target.getParent()));
            DurableRename.rename(source, target);
        }
    }

    /**
     * Checks that a target may be replaced.
     *
     * @throws AccessDeniedException if it exists and this process may not read it: its content may exist nowhere else
     */
    public static void checkReplaceable(Layout layout, Path target) throws AccessDeniedException {
        Optional<String> why = layout.unreadable().reasonIfUnreadable(target);
        if (why.isPresent()) {
            throw new AccessDeniedException(target.toString(), null, "it exists but is unreadable: " + why.get());
        }
    }

    /** Copies a file to the file system of a target and forces the copy. The caller renames or deletes the copy. */
    public static Path copyToFileSystemOf(Layout layout, Path file, Path target) throws IOException {
        Path directory = Layout.stagingDirectory(Objects.requireNonNull(target.getParent()));
        layout.ensureDirectory(directory);
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
