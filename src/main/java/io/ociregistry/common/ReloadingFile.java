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
 * What is made of files, and made anew when they have changed. They are looked at only when it is asked for, and at most once a second.
 *
 * <p>While they can't be used, as in the midst of being replaced, what was made before is given, and that is logged once. At first there is
 * nothing before: that is logged once too, and the failure is the caller's.
 */
public final class ReloadingFile<T> {
    private static final Logger LOG = LoggerFactory.getLogger(ReloadingFile.class);
    private static final long PAUSE = TimeUnit.SECONDS.toNanos(1);

    private final List<Path> files;
    private final Supplier<T> maker;
    private final LongSupplier nanoTime;
    // Guarded by this.
    private @Nullable T made;
    private List<Optional<Look>> seen = List.of();
    private long lookedAt;
    private boolean broken;

    /**
     * Reads nothing yet.
     *
     * @param maker throws what says which file can't be used, and why
     * @param nanoTime a clock that nobody sets, as {@link System#nanoTime()} is
     */
    public ReloadingFile(List<Path> files, Supplier<T> maker, LongSupplier nanoTime) {
        this.files = files;
        this.maker = maker;
        this.nanoTime = nanoTime;
    }

    /** How a file looks from outside. What renames a new file into place changes the identity, though size and time may be the same. */
    private record Look(
            long size, FileTime modified, @Nullable Object identity) {
        /** Empty for a file that can't be looked at. */
        static Optional<Look> at(Path file) {
            try {
                BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
                return Optional.of(new Look(is.size(), is.lastModifiedTime(), is.fileKey()));
            } catch (IOException e) {
                return Optional.empty();
            }
        }
    }

    /** What the files hold now, or did less than a second ago. */
    public synchronized T get() {
        T before = made;
        if (before != null && nanoTime.getAsLong() - lookedAt < PAUSE) {
            return before;
        }
        if (before == null) {
            return firstOrToldOnce();
        }
        lookedAt = nanoTime.getAsLong();
        // Before they are read: what changes meanwhile is seen the next time.
        List<Optional<Look>> looks = looks();
        // What could not be read may be readable now: permissions change nothing of how a file looks.
        if (!broken && looks.equals(seen)) {
            return before;
        }
        seen = looks;
        T now = again(before);
        made = now;
        return now;
    }

    /** Reads them for the first time. A failure is not logged: it is the caller's to tell. */
    synchronized T first() {
        lookedAt = nanoTime.getAsLong();
        seen = looks();
        T now = maker.get();
        made = now;
        broken = false;
        return now;
    }

    private T firstOrToldOnce() {
        try {
            return first();
        } catch (RuntimeException e) {
            if (!broken) {
                LOG.warn("{}: what needs it fails until that is mended", e.getMessage());
            }
            broken = true;
            throw e;
        }
    }

    private List<Optional<Look>> looks() {
        return files.stream().map(Look::at).toList();
    }

    /** Looks at the files the next time, however soon that is: what they held did not work. */
    public synchronized void distrust() {
        lookedAt = nanoTime.getAsLong() - PAUSE;
    }

    private T again(T before) {
        try {
            T now = maker.get();
            broken = false;
            LOG.info("read again, since they changed: {}", files);
            return now;
        } catch (RuntimeException e) {
            if (!broken) {
                LOG.warn("{}: what was read before is used until that is mended", e.getMessage());
            }
            broken = true;
            return before;
        }
    }
}
