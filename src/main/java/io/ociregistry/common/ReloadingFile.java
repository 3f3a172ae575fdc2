package io.ociregistry.common;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A value that is parsed from files, and parsed again when the files have changed.
 *
 * <p>The files are checked only by {@link #get}, and at most once a second. While changed files can't be used, for
 * example because they are just being replaced, {@code get} returns the previous value, and one warning is logged. If
 * there is no previous value, {@code get} throws the exception of the parser, and one warning is logged. Thread-safe.
 */
public final class ReloadingFile<T> {
    private static final Logger LOG = LoggerFactory.getLogger(ReloadingFile.class);
    private static final long PAUSE = TimeUnit.SECONDS.toNanos(1);

    private final List<Path> files;
    private final Supplier<T> parser;
    private final LongSupplier nanoTime;
    // Guarded by this.
    private @Nullable T value;
    private List<Optional<FileStamp>> stamps = List.of();
    private long checkedAt;
    private boolean broken;

    /**
     * Creates the value without reading the files.
     *
     * @param parser reads and parses the files; the message of its exception says which file can't be used, and why
     * @param nanoTime a monotonic clock, such as {@link System#nanoTime()}
     */
    public ReloadingFile(List<Path> files, Supplier<T> parser, LongSupplier nanoTime) {
        this.files = files;
        this.parser = parser;
        this.nanoTime = nanoTime;
    }

    /** Attributes that show whether a file changed. A rename changes the key even if size and time stay the same. */
    private record FileStamp(
            long size, FileTime modified, @Nullable Object key) {
        /** Returns an empty stamp for a file whose attributes can't be read. */
        static Optional<FileStamp> of(Path file) {
            try {
                BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
                return Optional.of(new FileStamp(is.size(), is.lastModifiedTime(), is.fileKey()));
            } catch (IOException e) {
                return Optional.empty();
            }
        }
    }

    /** Returns the value of the files, which may be up to one second old. */
    public synchronized T get() {
        T previous = value;
        if (previous != null && nanoTime.getAsLong() - checkedAt < PAUSE) {
            return previous;
        }
        if (previous == null) {
            return firstOrLogOnce();
        }
        checkedAt = nanoTime.getAsLong();
        // The stamps are read before the content, so that the next check notices a change made during the read.
        List<Optional<FileStamp>> current = stamps();
        // A broken file is read again even if its stamp is the same: a change of permissions does not change the stamp.
        if (!broken && current.equals(stamps)) {
            return previous;
        }
        stamps = current;
        T next = reload(previous);
        value = next;
        return next;
    }

    /** Reads the files for the first time. Does not log a failure: the caller reports it. */
    synchronized T load() {
        checkedAt = nanoTime.getAsLong();
        stamps = stamps();
        T first = parser.get();
        value = first;
        broken = false;
        return first;
    }

    private T firstOrLogOnce() {
        try {
            return load();
        } catch (RuntimeException e) {
            if (!broken) {
                LOG.warn(
                        "{}. Requests that need this file fail until the file is corrected; no restart is needed",
                        e.getMessage());
            }
            broken = true;
            throw e;
        }
    }

    private List<Optional<FileStamp>> stamps() {
        return files.stream().map(FileStamp::of).toList();
    }

    /** Makes the next {@link #get} check the files, however soon it comes: the value did not work. */
    public synchronized void invalidate() {
        checkedAt = nanoTime.getAsLong() - PAUSE;
    }

    private T reload(T previous) {
        try {
            T next = parser.get();
            broken = false;
            LOG.info("reloaded the changed files {}", files);
            return next;
        } catch (RuntimeException e) {
            if (!broken) {
                LOG.warn(
                        "{}. The previous content is used until the file is corrected; no restart is needed",
                        e.getMessage());
            }
            broken = true;
            return previous;
        }
    }

    @Override
    public String toString() {
        return files.toString();
    }
}
