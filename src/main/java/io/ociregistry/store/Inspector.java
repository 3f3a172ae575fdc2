package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Reads the content of a store and compares it with its digests, at a limited rate.
 *
 * <p>An inspector only reads and needs no lock on the store; its caller decides about each corrupt file. It reports no
 * content that was deleted in the meantime or that was modified in the last minute. Used by one thread.
 */
public interface Inspector {
    /** Limits the rate of background reads. */
    @FunctionalInterface
    interface ReadThrottle {
        /** Does not limit the rate. */
        ReadThrottle UNBOUNDED = bytes -> {};

        /** Counts bytes that were read, and blocks until the next read may start. */
        void throttle(long bytes) throws InterruptedException;
    }

    /**
     * A record as the inspector read it.
     *
     * @param isSettled false if it was written in the last minute, so that its blobs may still be on their way
     */
    record InspectedRecord(ManifestRecord record, boolean isSettled) {}

    /**
     * Reads every record of the store.
     *
     * @param good gets each record that can be read
     * @param bad gets each file that contains no valid record
     */
    void readRecords(Consumer<InspectedRecord> good, Consumer<CorruptFile> bad) throws InterruptedException;

    /**
     * Finds content that this process may not read. For root, which may read everything, finds the content that the
     * owner of the store may not read.
     *
     * @param report gets the location of each, and the reason
     */
    void findUnreadable(BiConsumer<String, String> report);

    /** Returns the records that exist only in quarantine (ADR 28); none if the disk fails. */
    List<QuarantinedRecord> lostRecords();

    /** Returns true if a record of a manifest exists, valid or not. */
    boolean hasRecord(Digest manifest);

    /** Returns the digests of all stored blobs, sorted. */
    List<Digest> blobs();

    /** Returns the blobs whose downloads wrote in the last minute. */
    Set<Digest> inFlight();

    /** Returns the size of a stored blob; empty if there is none. */
    OptionalLong size(Digest blob);

    /** Verifies a stored blob; empty if it is valid, does not exist, or this process may not read it. */
    Optional<CorruptFile> verifyBlob(Digest digest) throws InterruptedException;

    /** Returns the number of wrong files that were not reported because they were modified in the last minute. */
    long recentlyModified();
}
