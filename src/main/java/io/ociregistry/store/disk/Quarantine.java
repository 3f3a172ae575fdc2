package io.ociregistry.store.disk;

import io.ociregistry.common.DurableRename;
import io.ociregistry.common.FileOwner;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where files go that are not what their name says. They are kept for whoever wants to know why, and never served. One
 * that can't be moved there, or not yet, stays where it is and counts as absent. A file that this process may not read
 * is no bad file, whatever shows that it can't be read: it stays where it is.
 */
public final class Quarantine implements CorruptFileHandler {
    private static final Logger LOG = LoggerFactory.getLogger(Quarantine.class);
    private static final int REMEMBERED = 10_000;

    private final Layout layout;
    /** Bad files that were not moved, and how they look; beyond the limit they are found to be bad again. */
    private final Map<Path, String> left = new ConcurrentHashMap<>();

    public Quarantine(Layout layout) {
        this.layout = layout;
    }

    /**
     * Takes a bad file away. One so young that another program may still be writing it is only left out, for as long as it looks like that.
     *
     * @param look how the file looked when it was read: another one that took its place meanwhile is left alone
     */
    @Override
    public void take(Path file, String look, String reason) {
        if (!look.equals(lookOf(file))
                || look.equals(left.get(file))
                || layout.unreadable().check(file).isPresent()) {
            return;
        }
        if (!ExternalFiles.isSettled(file)) {
            remember(file, look);
            return;
        }
        Optional<Path> moved = move(file, reason);
        if (moved.isPresent() && !look.equals(lookOf(moved.get()))) {
            putBack(moved.get(), file);
            return;
        }
        moved.flatMap(taken -> carry(taken, file))
                .ifPresentOrElse(kept -> tell(file, kept, reason), () -> remember(file, look));
    }

    /** Somebody had put a good one in its place between the look and the move. */
    private static void putBack(Path moved, Path file) {
        try {
            // Not renamed: that would take the place of one that came since.
            Files.createLink(file, moved);
            DurableRename.forceDirectory(file.resolveSibling("."));
        } catch (FileAlreadyExistsException newer) {
            LOG.debug("{} is there again", file);
        } catch (IOException | UnsupportedOperationException e) {
            LOG.error("{} is good, but can't be put back to {}: {}", moved, file, e.toString());
            return;
        }
        try {
            Files.deleteIfExists(moved);
        } catch (IOException e) {
            LOG.warn("deleting {}, which is {} too: {}", moved, file, e.toString());
        }
    }

    /** Leaves a file where it is that is none of ours as it seems, and tells the log of it once. */
    @Override
    public void leaveOut(Path file, String look, String reason) {
        LOG.warn("{} is left out: {}", file, reason);
        remember(file, look);
    }

    @Override
    public void unreadable(Path file, IOException why) {
        if (why instanceof AccessDeniedException || FileOwner.isDenied(file)) {
            layout.unreadable().found(file);
        } else {
            LOG.error("{} can't be read: {}", file, WriteFailureLog.reason(why));
        }
    }

    private void remember(Path file, String look) {
        if (left.size() < REMEMBERED) {
            left.put(file, look);
        }
    }

    /** Moves away what stands in the place of a file of ours and is none: a directory, or a link that leads nowhere. */
    public void makeWay(Path place) {
        if (isNoFile(place) && layout.isWritable() && Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
            String reason = "it is no file that can be read";
            move(place, reason).flatMap(taken -> carry(taken, place)).ifPresent(kept -> tell(place, kept, reason));
        }
    }

    private static boolean isNoFile(Path place) {
        try {
            return Files.readAttributes(place, BasicFileAttributes.class).isDirectory();
        } catch (AccessDeniedException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    /**
     * Where it is now: in quarantine, or beside it where that is on another file system; empty if it can't be moved.
     */
    private Optional<Path> move(Path file, String reason) {
        if (!layout.isWritable()) {
            LOG.error("{} is bad and is left out: {}", file, reason);
            return Optional.empty();
        }
        Path target = layout.quarantined(file, Instant.now());
        try {
            layout.prepare(layout.corrupt());
            return Optional.of(moveOrHold(file, target));
        } catch (IOException e) {
            LOG.error(
                    "{} is bad ({}) and is left out; it can't be moved to {}: {}", file, reason, target, e.toString());
            return Optional.empty();
        }
    }

    /** Always by a rename, so that what was taken can be compared with what was read, and be put back. */
    private Path moveOrHold(Path file, Path target) throws IOException {
        try {
            return Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException otherDisk) {
            Path directory = Layout.aside(Objects.requireNonNull(file.getParent()));
            layout.prepare(directory);
            return Files.move(
                    file, directory.resolve(String.valueOf(target.getFileName())), StandardCopyOption.ATOMIC_MOVE);
        }
    }

    /**
     * Copies a file that is held beside its place to the quarantine; a directory or a link stays there. Empty if that
     * fails: it is put back.
     */
    private Optional<Path> carry(Path taken, Path file) {
        if (layout.corrupt().equals(taken.getParent()) || !Files.isRegularFile(taken, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.of(taken);
        }
        try {
            return Optional.of(carry(taken));
        } catch (IOException e) {
            LOG.error("{} is bad and is left out; it can't be copied to {}: {}", file, layout.corrupt(), e.toString());
            putBack(taken, file);
            return Optional.empty();
        }
    }

    private Path carry(Path held) throws IOException {
        Path target = layout.corrupt().resolve(String.valueOf(held.getFileName()));
        DurableFiles.publish(layout, held, target);
        Files.deleteIfExists(held);
        return target;
    }

    /** Copies to the quarantine what a crash left held beside its place. */
    void carryHeld(Path held) {
        try {
            LOG.error("quarantined before a crash: {}; it is now {}", held, carry(held));
        } catch (IOException e) {
            LOG.error("{} is bad and can't be copied to {}: {}", held, layout.corrupt(), e.toString());
        }
    }

    private void tell(Path file, Path moved, String reason) {
        LOG.error("quarantined {}: {}; it is now {}", file, reason, moved);
        explain(moved, file + ": " + reason + "\n");
    }

    /** True if that file was found to be bad, and is still there since it was not moved. */
    @Override
    public boolean has(Path file) {
        String look = left.get(file);
        return look != null && look.equals(lookOf(file));
    }

    private void explain(Path target, String reason) {
        try {
            layout.write(Layout.reason(target), reason, StandardOpenOption.TRUNCATE_EXISTING);
        } catch (IOException e) {
            LOG.debug("writing why {} is bad: {}", target, e.toString());
        }
    }

    private static String lookOf(Path file) {
        try {
            return VerifiedIndex.look(file);
        } catch (IOException e) {
            return "none";
        }
    }
}
