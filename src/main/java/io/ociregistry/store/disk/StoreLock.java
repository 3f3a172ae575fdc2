package io.ociregistry.store.disk;

import io.ociregistry.store.Store;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The exclusive lock for writing to a store. It is released by {@link #close}, or when the process ends.
 *
 * <p>POSIX releases all locks of a process on a file when the process closes any channel on that file, and the garbage
 * collector closes unused channels. So the lock file must not be opened while this process has the lock. A system
 * property marks that it has, because all web applications of a process share the system properties.
 */
public final class StoreLock implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StoreLock.class);
    private static final String UNKNOWN = "an unknown one";

    private final FileChannel channel;
    private final FileLock lock;
    private final String mark;

    private StoreLock(FileChannel channel, FileLock lock, String mark) {
        this.channel = channel;
        this.lock = lock;
        this.mark = mark;
    }

    /**
     * Acquires the lock without waiting.
     *
     * @param holder describes this process in the error messages of other processes
     * @throws Store.InUseException if another process or web application has the lock
     * @throws IOException if the lock file can't be written
     */
    public static StoreLock acquire(Layout layout, String holder) throws IOException {
        String mark = StoreLock.class.getName() + "." + layout.root().toRealPath();
        if (System.getProperties().putIfAbsent(mark, holder) != null) {
            throw heldHere(layout);
        }
        try {
            return lock(layout, holder, mark);
        } catch (IOException | RuntimeException e) {
            System.clearProperty(mark);
            throw e;
        }
    }

    private static StoreLock lock(Layout layout, String holder, String mark) throws IOException {
        FileChannel channel = layout.open(layout.lock());
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw held(layout, "another process: " + info(layout.lockInfo()));
            }
            writeInfo(layout, holder);
            return new StoreLock(channel, lock, mark);
        } catch (OverlappingFileLockException e) {
            // The directory has two real paths, as with a bind mount. Closing the channel would release the lock.
            throw heldHere(layout);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public void close() {
        try (channel) {
            lock.release();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot release the lock of the cache", e);
        } finally {
            System.clearProperty(mark);
        }
    }

    private static void writeInfo(Layout layout, String holder) {
        try {
            layout.write(
                    layout.lockInfo(),
                    "pid " + ProcessHandle.current().pid() + ", " + holder + "\n",
                    StandardOpenOption.TRUNCATE_EXISTING);
        } catch (IOException e) {
            // A server on a full disk can still read the cache.
            LOG.warn(
                    "{} can't be written, so other processes can't say which process has the lock: {}",
                    layout.lockInfo(),
                    e.toString());
        }
    }

    private static Store.InUseException heldHere(Layout layout) {
        return held(layout, "another web application in this process: " + info(layout.lockInfo()));
    }

    private static Store.InUseException held(Layout layout, String holder) {
        return new Store.InUseException("the cache " + layout.root() + " is in use by " + holder + "; stop it first");
    }

    private static String info(Path file) {
        try {
            String text = Files.readString(file).strip();
            return text.isEmpty() ? UNKNOWN : text;
        } catch (IOException e) {
            return UNKNOWN;
        }
    }
}
