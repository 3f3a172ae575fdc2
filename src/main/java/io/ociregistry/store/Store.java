package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.store.Inspector.ReadThrottle;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;

/**
 * One open store with all its parts. Each part exists once, because the parts hold state in memory.
 *
 * <p>The caller that opens a store closes it, after all users of its parts have stopped. Thread-safe.
 */
public interface Store extends AutoCloseable {
    BlobStore blobs();

    ManifestStore manifests();

    LinkStore links();

    ListStore lists();

    IncompleteImages incompleteImages();

    /**
     * Creates an empty temporary file, which the caller closes.
     *
     * @param purpose a short name for the operator who sees the file
     * @throws IOException if the file can't be created, or if the store is read-only
     */
    TemporaryFile createTemporaryFile(String purpose) throws IOException;

    /** Returns the quota of the blobs. It is unlimited until its limits are set. */
    DiskQuota quota();

    StoreStatus status();

    /** Returns an inspector, which one thread may use; its reads are limited by the throttle. */
    Inspector inspector(ReadThrottle throttle);

    /** Returns when the last complete scrub started; empty if there was none or the time can't be read. */
    Optional<Instant> lastScrub();

    /** Stores when a complete scrub started. A failure is only logged. */
    void recordScrub(Instant started);

    /** Returns how many corrupt files of a kind were quarantined since the store was opened. */
    long quarantined(StoreStatus.Content kind);

    /** Sets how long a reader of a new pass-through download may read nothing while others wait for it. */
    void setStallTimeout(Duration timeout);

    /**
     * Sets the source of notes for log lines about a digest: the images that have it, and whether it is fetched again.
     * A note starts with its separator; it is empty if nothing is known.
     */
    void setContentNotes(Function<Digest, String> notes);

    /** Logs the unreadable content unless it was logged before, and releases the lock of the store. */
    @Override
    void close();

    /** Thrown if another process or web application writes to the store. The message names it and says what to do. */
    final class InUseException extends IOException {
        private static final long serialVersionUID = 1L;

        public InUseException(String message) {
            super(message);
        }
    }
}
