package io.ociregistry.store.disk;

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
 * The right to write to a store: one process at a time has it. It is given back when closed, or when the process ends in whatever way.
 *
 * <p>Closing any channel on a file, the garbage collector does that too, gives back all locks that the process has on it (POSIX). So the file
 * is not opened while this process has the lock. A system property says so: it is what all web applications of a process share.
 */
public final class StoreLock implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StoreLock.class);
    private static final String UNKNOWN = "it does not say which";

    private final FileChannel channel;
    private final FileLock lock;
    private final String mark;

    private StoreLock(FileChannel channel, FileLock lock, String mark) {
        this.channel = channel;
        this.lock = lock;
        this.mark = mark;
    }

    /**
     * Takes the lock.
     *
     * @param holder what other processes are told of this one
     * @throws HeldException if somebody else has it
     * @throws IOException if the directory can't be written to
     */
    public static StoreLock take(Layout layout, String holder) throws IOException {
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
            introduce(layout, holder);
            return new StoreLock(channel, lock, mark);
        } catch (OverlappingFileLockException e) {
            // The same directory by two real paths, as a bind mount makes them. Not closed, for what closing would do.
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
            throw new UncheckedIOException("giving back the lock on the cache", e);
        } finally {
            System.clearProperty(mark);
        }
    }

    private static void introduce(Layout layout, String holder) {
        try {
            layout.write(
                    layout.lockInfo(),
                    "pid " + ProcessHandle.current().pid() + ", " + holder + "\n",
                    StandardOpenOption.TRUNCATE_EXISTING);
        } catch (IOException e) {
            // A full disk is no reason not to start.
            LOG.warn(
                    "{} can't be written, so others won't be told who has the lock: {}",
                    layout.lockInfo(),
                    e.toString());
        }
    }

    private static HeldException heldHere(Layout layout) {
        return held(layout, "another web application in this process: " + info(layout.lockInfo()));
    }

    private static HeldException held(Layout layout, String by) {
        return new HeldException("the cache " + layout.root() + " is in use by " + by + "; stop that first");
    }

    private static String info(Path file) {
        try {
            String text = Files.readString(file).strip();
            return text.isEmpty() ? UNKNOWN : text;
        } catch (IOException e) {
            return UNKNOWN;
        }
    }

    /** Somebody else has the lock. The message says who, and what to do. */
    public static final class HeldException extends IOException {
        private static final long serialVersionUID = 1L;

        HeldException(String message) {
            super(message);
        }
    }
}
