package io.ociregistry.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The right to write to a store: one process at a time has it. It is given back when closed, or when the process ends in whatever way. */
public final class StoreLock implements AutoCloseable {
    private final FileChannel channel;
    private final FileLock lock;

    private StoreLock(FileChannel channel, FileLock lock) {
        this.channel = channel;
        this.lock = lock;
    }

    /**
     * Takes the lock.
     *
     * @param holder what other processes are told of this one
     * @throws IOException if somebody else has it (the message says who), or the directory can't be written to
     */
    public static StoreLock take(Layout layout, String holder) throws IOException {
        FileChannel channel = FileChannel.open(layout.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw held(layout, "another process: " + info(layout.lockInfo()));
            }
            Files.writeString(
                    layout.lockInfo(), "pid " + ProcessHandle.current().pid() + ", " + holder + "\n");
            return new StoreLock(channel, lock);
        } catch (OverlappingFileLockException e) {
            // The channel stays open until the process ends: closing any channel on a file gives back all locks that
            // the process has
            // on it (POSIX), the other's too.
            throw held(layout, "another web application in this process");
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
        }
    }

    private static IOException held(Layout layout, String by) {
        return new IOException("the cache " + layout.root() + " is in use by " + by + "; stop that first");
    }

    private static String info(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            return "it does not say which";
        }
    }
}
