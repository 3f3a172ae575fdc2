package io.ociregistry.store.disk;

import io.ociregistry.common.DurableRename;
import io.ociregistry.common.FileErrors;
import io.ociregistry.common.FileOwner;
import io.ociregistry.store.StoreStatus;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves corrupt files to the directory {@code corrupt/}, from which nothing is served.
 *
 * <p>The files are kept so that operators can find the cause. A corrupt file that can't be moved stays in place and
 * counts as absent. A file that this process may not read is not corrupt and stays in place. Thread-safe.
 */
public final class Quarantine implements CorruptFileHandler {
    private static final Logger LOG = LoggerFactory.getLogger(Quarantine.class);
    private static final int MAX_IGNORED = 10_000;

    private final Layout layout;
    /** The corrupt files that were not moved, with their stamps. A file beyond the limit is read again each time. */
    private final Map<Path, String> ignored = new ConcurrentHashMap<>();

    private final LongAdder blobs = new LongAdder();
    private final LongAdder records = new LongAdder();

    public Quarantine(Layout layout) {
        this.layout = layout;
    }

    /**
     * Moves a corrupt file to the quarantine. A file that was modified in the last minute may still be written by
     * another program: the file stays in place and is ignored until its stamp changes.
     *
     * @param fileStamp the file stamp when the file was read; a file that replaced it since is not moved
     */
    @Override
    public void handleCorrupt(Path file, String fileStamp, String reason) {
        if (!fileStamp.equals(stampOf(file))
                || fileStamp.equals(ignored.get(file))
                || layout.unreadable().reasonIfUnreadable(file).isPresent()) {
            return;
        }
        if (!ExternalFiles.isSettled(file)) {
            remember(file, fileStamp);
            return;
        }
        Optional<Path> moved = move(file, reason);
        if (moved.isPresent() && !fileStamp.equals(stampOf(moved.get()))) {
            // Another program replaced the corrupt file after its stamp was compared.
            moveBack(moved.get(), file);
            return;
        }
        moved.flatMap(path -> copyToQuarantine(path, file))
                .ifPresentOrElse(kept -> report(file, kept, reason), () -> remember(file, fileStamp));
    }

    /** Moves a file back to its place, unless another file is there now. */
    private static void moveBack(Path moved, Path file) {
        try {
            // A hard link instead of a rename, because a rename would replace a file that was created since.
            Files.createLink(file, moved);
            DurableRename.forceDirectory(file.resolveSibling("."));
        } catch (FileAlreadyExistsException newer) {
            LOG.debug("{} was not moved back, because a new file exists in its place", file);
        } catch (IOException | UnsupportedOperationException e) {
            LOG.error("{} can't be moved back to {}: {}; move it by hand", moved, file, e.toString());
            return;
        }
        try {
            Files.deleteIfExists(moved);
        } catch (IOException e) {
            LOG.warn("deleting {}, which is a second name of {}, failed: {}", moved, file, e.toString());
        }
    }

    /** Leaves a file in place, ignores it until its stamp changes, and logs that once. */
    @Override
    public void handleOversized(Path file, String fileStamp, String reason) {
        LOG.warn("{} is ignored: {}", file, reason);
        remember(file, fileStamp);
    }

    @Override
    public void handleUnreadable(Path file, IOException cause) {
        if (cause instanceof AccessDeniedException || FileOwner.isDenied(file)) {
            layout.unreadable().add(file);
        } else {
            LOG.error("{} can't be read: {}", file, FileErrors.reason(cause));
        }
    }

    private void remember(Path file, String fileStamp) {
        if (ignored.size() < MAX_IGNORED) {
            ignored.put(file, fileStamp);
        }
    }

    /**
     * If a directory or a broken link is in the place of a file of the store, moves it to the quarantine.
     *
     * @return true if a file is in that place, perhaps an unreadable one
     */
    public boolean clearPath(Path path) {
        if (Files.notExists(path, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        boolean isFile = !isDirectoryOrBroken(path);
        if (!isFile && layout.isWritable()) {
            String reason = "it is a directory or a broken link, and not a file";
            move(path, reason)
                    .flatMap(moved -> copyToQuarantine(moved, path))
                    .ifPresent(kept -> report(path, kept, reason));
        }
        return isFile;
    }

    private static boolean isDirectoryOrBroken(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class).isDirectory();
        } catch (AccessDeniedException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    /**
     * Moves a file to the quarantine, or to the staging directory beside it if the quarantine is on another file
     * system. Returns the new path; empty if the file can't be moved.
     */
    private Optional<Path> move(Path file, String reason) {
        if (!layout.isWritable()) {
            LOG.error("{} is corrupt and is ignored, but not moved, because the cache is read-only: {}", file, reason);
            return Optional.empty();
        }
        Path target = layout.quarantineTarget(file, Instant.now());
        try {
            layout.ensureDirectory(layout.corrupt());
            return Optional.of(rename(file, target));
        } catch (IOException e) {
            LOG.error(
                    "{} is corrupt ({}) and is ignored; moving it to {} failed: {}",
                    file,
                    reason,
                    target,
                    e.toString());
            return Optional.empty();
        }
    }

    /** Renames instead of copying, so that the stamp of the moved file can be compared and the file be moved back. */
    private Path rename(Path file, Path target) throws IOException {
        try {
            return Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException otherFileSystem) {
            Path directory = Layout.stagingDirectory(Objects.requireNonNull(file.getParent()));
            layout.ensureDirectory(directory);
            return Files.move(
                    file, directory.resolve(String.valueOf(target.getFileName())), StandardCopyOption.ATOMIC_MOVE);
        }
    }

    /**
     * Copies a file in a staging directory to the quarantine; a directory or a link stays in the staging directory.
     * Returns the new path; empty if the copy failed and the file was moved back.
     */
    private Optional<Path> copyToQuarantine(Path moved, Path file) {
        if (layout.corrupt().equals(moved.getParent()) || !Files.isRegularFile(moved, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.of(moved);
        }
        try {
            return Optional.of(copyToQuarantine(moved));
        } catch (IOException e) {
            LOG.error(
                    "{} is corrupt and is ignored; copying it to {} failed: {}", file, layout.corrupt(), e.toString());
            moveBack(moved, file);
            return Optional.empty();
        }
    }

    private Path copyToQuarantine(Path moved) throws IOException {
        Path target = layout.corrupt().resolve(String.valueOf(moved.getFileName()));
        DurableFiles.publish(layout, moved, target);
        Files.deleteIfExists(moved);
        return target;
    }

    /** Copies a file that a crash left in a staging directory to the quarantine. */
    void completeMove(Path moved) {
        try {
            LOG.error(
                    "quarantined {}, which a crash had left in a staging directory; the file is now {}",
                    moved,
                    copyToQuarantine(moved));
        } catch (IOException e) {
            LOG.error("{} is corrupt, and copying it to {} failed: {}", moved, layout.corrupt(), e.toString());
        }
    }

    private void report(Path file, Path moved, String reason) {
        LOG.error(
                "quarantined {}: {}; it is now {}{}",
                file,
                reason,
                moved,
                layout.notes().of(file));
        (file.startsWith(layout.blobs()) ? blobs : records).increment();
        writeReason(moved, file + ": " + reason + "\n");
    }

    /** True if this file was found corrupt or ignored, was not moved, and is unchanged. */
    @Override
    public boolean isKnown(Path file) {
        String fileStamp = ignored.get(file);
        return fileStamp != null && fileStamp.equals(stampOf(file));
    }

    /** Returns how many blobs or records this object moved to the quarantine. */
    public long count(StoreStatus.Content kind) {
        return kind == StoreStatus.Content.BLOB ? blobs.sum() : records.sum();
    }

    private void writeReason(Path target, String reason) {
        try {
            layout.write(Layout.reasonFile(target), reason, StandardOpenOption.TRUNCATE_EXISTING);
        } catch (IOException e) {
            LOG.debug("writing the reason file of {} failed: {}", target, e.toString());
        }
    }

    private static String stampOf(Path file) {
        try {
            return VerifiedIndex.fileStamp(file);
        } catch (IOException e) {
            return "none";
        }
    }
}
