package io.ociregistry.store.disk;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NotDirectoryException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the log of something that can't be written: once when that begins and once when it is over, however often it is tried meanwhile. */
public final class WriteFailureLog {
    private static final Logger LOG = LoggerFactory.getLogger(WriteFailureLog.class);

    private final String what;
    private final AtomicBoolean lasts = new AtomicBoolean();

    /** None yet; {@code what} is the plural of what is written. */
    public WriteFailureLog(String what) {
        this.what = what;
    }

    /** The disk did not take it. */
    public void failed(IOException e) {
        if (lasts.compareAndSet(false, true)) {
            LOG.error(
                    "{} can't be written: {}. They are kept in memory, as many as fit, until they can be",
                    what,
                    e.toString());
        } else {
            LOG.debug("{} still can't be written: {}", what, e.toString());
        }
    }

    /** What there is to write is on disk. Logged like the beginning, since who was shown that waits for this. */
    public void over() {
        if (lasts.get() && lasts.compareAndSet(true, false)) {
            LOG.error("{} are written again", what);
        }
    }

    /** What a person wants to know of a failure, without the file, which stands beside it. */
    public static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof NotDirectoryException) {
            return "it is no directory";
        }
        if (e instanceof FileSystemException failed && failed.getReason() != null) {
            return failed.getReason();
        }
        return String.valueOf(e.getMessage());
    }
}
