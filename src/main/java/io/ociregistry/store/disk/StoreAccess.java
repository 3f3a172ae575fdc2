package io.ociregistry.store.disk;

import io.ociregistry.common.FileErrors;
import io.ociregistry.store.Store;
import io.ociregistry.store.StoreStatus;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The access of this process to a store: read and write while it has the lock, or read-only.
 *
 * <p>A store is opened read-only on request, or if its lock file can't be opened because the disk is read-only or full,
 * or because this process may not write to it. Reading needs no lock. Closing releases the lock.
 */
public final class StoreAccess implements StoreStatus, AutoCloseable {
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
     * Opens the store in a root directory, and creates the store if there is none.
     *
     * @param holder describes this process in the error messages of other processes
     * @throws IOException if another process has the lock, or if there is no store and none can be created; the message
     *     says why
     */
    public static StoreAccess open(Path root, String holder) throws IOException {
        Layout.createRoot(root);
        return open(new Layout(root).withCurrentOwner(), holder);
    }

    /**
     * Opens the store for a command that runs while no server does, perhaps as another user than the server.
     *
     * <p>Files that the command writes belong to the owner of the cache. If this process is root, files that root left
     * in the store earlier are given to that owner too.
     *
     * @throws IOException as {@link #open} does, and if this user can't give files to the owner of the cache; the
     *     message says what to do
     */
    public static StoreAccess openForCommand(Path root, String holder) throws IOException {
        Layout.createRoot(root);
        Layout layout = new Layout(root).withCurrentOwner();
        // An empty directory of root, such as a new volume, may be used by the first user that writes to it.
        if (layout.owner().cannotChangeOwner() && layout.exists()) {
            throw new IOException(layout.owner().explainRefusal(root));
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
            lock = StoreLock.acquire(layout, holder);
        } catch (Store.InUseException e) {
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
     * Opens an existing store read-only, without the lock; another process may write to the store meanwhile.
     *
     * @throws IOException if there is no store, or if this user may not read all of its directories, because the result
     *     would be incomplete; the message names the directory
     */
    public static StoreAccess openReadOnly(Path root) throws IOException {
        Layout layout = new Layout(root).withCurrentOwner();
        if (!layout.exists()) {
            throw new NoSuchFileException(
                    root.toString(),
                    null,
                    Files.exists(root) ? "there is no cache in it" : "there is no such directory");
        }
        for (Path directory : layout.contentDirectories()) {
            Directories.checkReadable(layout, directory);
        }
        return new StoreAccess(layout.readOnly(), null, Optional.empty());
    }

    private static StoreAccess writable(Layout layout, StoreLock lock) throws IOException {
        Optional<String> warning = Optional.empty();
        try {
            layout.create();
        } catch (IOException e) {
            if (!layout.exists()) {
                throw e;
            }
            warning = Optional.of("a directory of the cache " + layout.root() + " can't be created ("
                    + describe(e) + "): nothing is stored in it or served from it until that is corrected; the rest of"
                    + " the cache is served");
        }
        clearTemporary(layout);
        return new StoreAccess(layout, lock, warning);
    }

    /**
     * Gives all files to the owner of the cache. Leaves out the lock file, which got its owner when it was opened:
     * changing its mode would open it again and so release the lock. Leaves out the admin token, which must stay
     * private.
     */
    private static void giveAll(Layout layout) throws IOException {
        if (!layout.owner().changesOwner() || !layout.isWritable()) {
            return;
        }
        List<Path> files = new ArrayList<>(layout.rootFiles());
        for (Path directory : layout.directories()) {
            files.add(directory);
            files.addAll(Directories.list(layout, directory, file -> true));
        }
        for (Path file : files) {
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                layout.owner().changeOwner(file);
            }
        }
    }

    private static StoreAccess readOnly(Layout layout, IOException why) throws IOException {
        if (!layout.exists()) {
            throw why;
        }
        return new StoreAccess(
                layout.readOnly(),
                null,
                Optional.of("the cache " + layout.root() + " can't be written (" + reason(layout, why)
                        + "): it is served read-only, and nothing new is stored until the next start"));
    }

    private static String describe(IOException why) {
        return why instanceof FileAlreadyExistsException file
                ? file.getFile() + " exists and is not a directory"
                : FileErrors.reason(why);
    }

    private static String reason(Layout layout, IOException why) {
        return why instanceof AccessDeniedException denied
                ? layout.unreadable().why(Path.of(denied.getFile()))
                : FileErrors.reason(why);
    }

    /**
     * Deletes the temporary files of a process that crashed, and completes its moves to the quarantine. This process
     * has the lock, so that no other process writes to them.
     */
    private static void clearTemporary(Layout layout) {
        clearTemporary(layout, layout.partials());
        Quarantine quarantine = new Quarantine(layout);
        Stream.concat(Stream.of(layout.root()), layout.directories().stream())
                .map(Layout::stagingDirectory)
                .filter(Files::isDirectory)
                .forEach(staging -> {
                    clearTemporary(layout, staging);
                    Directories.list(layout, staging, Files::isRegularFile).forEach(quarantine::completeMove);
                });
    }

    private static void clearTemporary(Layout layout, Path directory) {
        for (Path file : Directories.list(layout, directory, DurableFiles::isTemporary)) {
            try {
                Files.delete(file);
            } catch (IOException e) {
                LOG.warn("deleting the temporary file {} failed: {}", file, e.toString());
            }
        }
    }

    public Layout layout() {
        return layout;
    }

    @Override
    public boolean isWritable() {
        return layout.isWritable();
    }

    @Override
    public boolean isReadable() {
        return Files.isReadable(layout.root());
    }

    @Override
    public String location() {
        return layout.root().toString();
    }

    @Override
    public Usage usage() throws IOException {
        return StoreUsage.of(layout);
    }

    @Override
    public Map<Content, Amount> contents() {
        return StoreUsage.contents(layout);
    }

    @Override
    public long free() throws IOException {
        return StoreUsage.disk(layout).getUsableSpace();
    }

    @Override
    public Optional<String> warning() {
        return warning;
    }

    @Override
    public Optional<String> unreadable() {
        return layout.unreadable().summary();
    }

    /** Logs the unreadable files unless they were logged before, and releases the lock. */
    @Override
    public void close() {
        layout.unreadable().logChange();
        if (lock != null) {
            lock.close();
        }
    }
}
