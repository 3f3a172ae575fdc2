package io.ociregistry.store.disk;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this process may do with a store: read and write, while it has its lock; or only read, where the lock's file can't be opened because
 * the disk is read-only, full, or not ours to write. Reading needs no lock.
 */
public final class StoreAccess implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StoreAccess.class);

    private final Layout layout;
    private final @Nullable StoreLock lock;
    private final Optional<String> warning;

    private StoreAccess(Layout layout, @Nullable StoreLock lock, Optional<String> warning) {
        this.layout = layout;
        this.lock = lock;
        this.warning = warning;
    }

    /**
     * Opens the store under a root, and makes one if there is none.
     *
     * @param holder what other processes are told of this one
     * @throws IOException if another process writes there, or if there is none and none can be made; the message says why
     */
    public static StoreAccess open(Path root, String holder) throws IOException {
        Layout.createRoot(root);
        return open(new Layout(root).owned(), holder);
    }

    /**
     * The same for a command that runs beside no server, maybe as another user than the server does: what it leaves
     * there can be read by the owner of the cache. That goes for what root left there before, too.
     *
     * @throws IOException also if this user can't give files to the owner of the cache; the message says what to do
     */
    public static StoreAccess openForCommand(Path root, String holder) throws IOException {
        Layout.createRoot(root);
        Layout layout = new Layout(root).owned();
        // An empty directory that root made for others, as a volume is, belongs to whoever uses it first.
        if (layout.owner().isForeign() && layout.isThere()) {
            throw new IOException(layout.owner().refusal(root));
        }
        StoreAccess access = open(layout, holder);
        try {
            giveAll(layout);
            return access;
        } catch (IOException | RuntimeException e) {
            access.close();
            throw e;
        }
    }

    private static StoreAccess open(Layout layout, String holder) throws IOException {
        StoreLock lock;
        try {
            lock = StoreLock.take(layout, holder);
        } catch (StoreLock.HeldException e) {
            throw e;
        } catch (IOException e) {
            return readOnly(layout, e);
        }
        try {
            return writable(layout, lock);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /**
     * Opens the store under a root to be looked at, beside whoever writes there. Nothing is written, and nobody is kept from writing.
     *
     * @throws IOException if there is none, or if this user may not look into all of it: half of it would pass for the whole; the message says where
     */
    public static StoreAccess openToRead(Path root) throws IOException {
        Layout layout = new Layout(root).owned();
        if (!layout.isThere()) {
            throw new NoSuchFileException(
                    root.toString(),
                    null,
                    Files.exists(root) ? "there is no cache in it" : "there is no such directory");
        }
        for (Path directory : layout.contents()) {
            Directories.check(layout, directory);
        }
        return new StoreAccess(layout.readOnly(), null, Optional.empty());
    }

    private static StoreAccess writable(Layout layout, StoreLock lock) throws IOException {
        try {
            layout.create();
        } catch (IOException e) {
            if (!layout.isThere()) {
                throw e;
            }
            LOG.warn(
                    "a directory of the cache is missing and can't be made: {}. It will be when it is needed",
                    e.toString());
        }
        clearTemporary(layout);
        return new StoreAccess(layout, lock, Optional.empty());
    }

    /**
     * Gives all that is there to the owner of the cache. Not the lock's file, which was given when it was opened:
     * opening it again, which changing its mode takes, would give back the lock. And not the admin token, which nobody
     * else may read.
     */
    private static void giveAll(Layout layout) throws IOException {
        if (!layout.owner().gives() || !layout.isWritable()) {
            return;
        }
        List<Path> files = new ArrayList<>(layout.notes());
        for (Path directory : layout.directories()) {
            files.add(directory);
            files.addAll(Directories.list(layout, directory, file -> true));
        }
        for (Path file : files) {
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                layout.owner().give(file);
            }
        }
    }

    private static StoreAccess readOnly(Layout layout, IOException why) throws IOException {
        if (!layout.isThere()) {
            throw why;
        }
        return new StoreAccess(
                layout.readOnly(),
                null,
                Optional.of("the cache " + layout.root() + " can't be written (" + reason(layout, why)
                        + "): it is served read-only, and nothing new is kept until the next start"));
    }

    private static String reason(Layout layout, IOException why) {
        return why instanceof AccessDeniedException denied
                ? layout.unreadable().why(Path.of(denied.getFile()))
                : WriteFailureLog.reason(why);
    }

    /** Files that a crash kept from being renamed: nobody else writes there now. */
    private static void clearTemporary(Layout layout) {
        clearTemporary(layout, layout.partials());
        Quarantine quarantine = new Quarantine(layout);
        Stream.concat(Stream.of(layout.root()), layout.directories().stream())
                .map(Layout::aside)
                .filter(Files::isDirectory)
                .forEach(aside -> {
                    clearTemporary(layout, aside);
                    Directories.list(layout, aside, Files::isRegularFile).forEach(quarantine::carryHeld);
                });
    }

    private static void clearTemporary(Layout layout, Path directory) {
        for (Path file : Directories.list(layout, directory, StoreAccess::isTemporary)) {
            try {
                Files.delete(file);
            } catch (IOException e) {
                LOG.warn("deleting {}: {}", file, e.toString());
            }
        }
    }

    private static boolean isTemporary(Path file) {
        return String.valueOf(file.getFileName()).endsWith(DurableFiles.TEMPORARY);
    }

    public Layout layout() {
        return layout;
    }

    /**
     * What it takes of its disk.
     *
     * @throws IOException if the disk can't be asked
     */
    public StoreUsage usage() throws IOException {
        return StoreUsage.of(layout);
    }

    /** What an operator has to be told of it at the start; empty if nothing. */
    public Optional<String> warning() {
        return warning;
    }

    /** What can't be read of it, as far as that was found so far; empty if nothing. */
    public Optional<String> unreadable() {
        return layout.unreadable().summary();
    }

    /** The log tells what could not be read, if it did not before. */
    @Override
    public void close() {
        layout.unreadable().tell();
        if (lock != null) {
            lock.close();
        }
    }
}
