package io.ociregistry.store.disk;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs the failure of repeated writes: one line at the first failure and one line at the next success.
 *
 * <p>Thread-safe.
 */
public final class WriteFailureLog {
    private static final Logger LOG = LoggerFactory.getLogger(WriteFailureLog.class);

    private final String what;
    private final AtomicBoolean isFailing = new AtomicBoolean();

    /**
     * @param what the written content, in the plural, as the subject of the log lines
     */
    public WriteFailureLog(String what) {
        this.what = what;
    }

    /** Logs the first failure as an error, and each repeated one at debug level. */
    public void failed(IOException e) {
        if (isFailing.compareAndSet(false, true)) {
            LOG.error(
                    "{} can't be written: {}. They are kept in memory, as many as fit, until the disk accepts them;"
                            + " they are lost if the process is killed before",
                    what,
                    DiskFailure.describe(e));
        } else {
            LOG.debug("{} still can't be written: {}", what, e.toString());
        }
    }

    /** Logs that the writes succeed again. */
    public void recovered() {
        if (isFailing.get() && isFailing.compareAndSet(true, false)) {
            LOG.info("{} are written again", what);
        }
    }
}
