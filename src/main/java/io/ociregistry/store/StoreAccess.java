package io.ociregistry.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
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
        Layout layout = new Layout(root);
        Files.createDirectories(root);
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
        Layout layout = new Layout(root);
        if (!layout.isThere()) {
            throw new NoSuchFileException(
                    root.toString(),
                    null,
                    Files.exists(root) ? "there is no cache in it" : "there is no such directory");
        }
        for (Path directory : layout.contents()) {
            Directories.check(directory);
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

    private static StoreAccess readOnly(Layout layout, IOException why) throws IOException {
        if (!layout.isThere()) {
            throw why;
        }
        return new StoreAccess(
                layout.readOnly(),
                null,
                Optional.of("the cache " + layout.root() + " can't be written (" + Outage.reason(why)
                        + "): it is served read-only, and nothing new is kept until the next start"));
    }

    /** Files that a crash kept from being renamed: nobody else writes there now. */
    private static void clearTemporary(Layout layout) {
        for (Path file : Directories.list(layout.partials(), StoreAccess::isTemporary)) {
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

    /** What an operator has to be told of it; empty if nothing. */
    public Optional<String> warning() {
        return warning;
    }

    @Override
    public void close() {
        if (lock != null) {
            lock.close();
        }
    }
}
