package io.ociregistry.store;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where files go that are not what their name says. They are kept for whoever wants to know why, and never served. One that can't be moved
 * there, or not yet, stays where it is and counts as absent.
 */
final class Quarantine implements BadFiles {
    private static final Logger LOG = LoggerFactory.getLogger(Quarantine.class);
    private static final int REMEMBERED = 10_000;

    private final Layout layout;
    /** Bad files that were not moved, and how they look; beyond the limit they are found to be bad again. */
    private final Map<Path, String> left = new ConcurrentHashMap<>();

    Quarantine(Layout layout) {
        this.layout = layout;
    }

    /**
     * Takes a bad file away. One so young that another program may still be writing it is only left out, for as long as it looks like that.
     *
     * @param look how the file looked when it was read: another one that took its place meanwhile is left alone
     */
    @Override
    public void take(Path file, String look, String reason) {
        if (!look.equals(lookOf(file)) || look.equals(left.get(file))) {
            return;
        }
        if (!ForeignFiles.isSettled(file)) {
            remember(file, look);
            return;
        }
        Optional<Path> moved = move(file, reason);
        if (moved.isEmpty()) {
            remember(file, look);
        } else if (look.equals(lookOf(moved.get()))) {
            tell(file, moved.get(), reason);
        } else {
            putBack(moved.get(), file);
        }
    }

    /** Somebody had put a good one in its place between the look and the move. */
    private static void putBack(Path moved, Path file) {
        try {
            // Not renamed: that would take the place of one that came since.
            Files.createLink(file, moved);
            DurableFiles.forceDirectory(file.resolveSibling("."));
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
        LOG.error("{} can't be read: {}", file, Outage.reason(why));
    }

    private void remember(Path file, String look) {
        if (left.size() < REMEMBERED) {
            left.put(file, look);
        }
    }

    /** Moves away what stands in the place of a file of ours and is none: a directory, a link that leads nowhere, a file we may not read. */
    void makeWay(Path place) {
        boolean inTheWay = Files.isDirectory(place) || !Files.isReadable(place);
        if (inTheWay && layout.isWritable() && Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
            String reason = "it is no file that can be read";
            move(place, reason).ifPresent(moved -> tell(place, moved, reason));
        }
    }

    /** Where it is now; empty if it can't be moved. */
    private Optional<Path> move(Path file, String reason) {
        if (!layout.isWritable()) {
            LOG.error("{} is bad and is left out: {}", file, reason);
            return Optional.empty();
        }
        Path target = layout.quarantined(file, Instant.now());
        try {
            layout.prepare(layout.corrupt());
            Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.error(
                    "{} is bad ({}) and is left out; it can't be moved to {}: {}", file, reason, target, e.toString());
            return Optional.empty();
        }
        return Optional.of(target);
    }

    private static void tell(Path file, Path moved, String reason) {
        LOG.error("quarantined {}: {}; it is now {}", file, reason, moved);
        explain(moved, file + ": " + reason + "\n");
    }

    /** True if that file was found to be bad, and is still there since it was not moved. */
    @Override
    public boolean has(Path file) {
        String look = left.get(file);
        return look != null && look.equals(lookOf(file));
    }

    private static void explain(Path target, String reason) {
        try {
            Files.writeString(Layout.reason(target), reason);
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
