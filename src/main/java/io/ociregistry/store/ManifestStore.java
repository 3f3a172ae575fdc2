package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.Repository;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The manifest records of a store.
 *
 * <p>A record is written atomically before a client sees it. A record that the disk does not take stays in memory and
 * is served from there; {@link #save} retries to write it. Reads take no lock and write no record. The stored records
 * are authoritative (ADR 4). A record with wrong content is quarantined and counts as absent; it does not affect other
 * records. Thread-safe.
 */
public interface ManifestStore {
    /** Decides which names of a record are removed. Its methods run while the record is locked. */
    interface Removal {
        /** Returns the names that stay: all if the record is not to change, none if it is to be deleted. */
        List<RecordedReference> remaining(ManifestRecord record);

        /** Called after the record was changed or deleted. */
        void removed(ManifestRecord before, List<RecordedReference> left);
    }

    /** Receives the changes that a scan of the records found. */
    interface RecordChanges {
        /** Called for a record that is new. */
        void added(ManifestSummary added);

        /** Called for a record whose content changed. */
        void changed(ManifestSummary before, ManifestSummary now);

        /** Called for a record that no longer exists. */
        void removed(ManifestSummary removed);
    }

    /** The pull times of manifests that are not in their records yet. A pull counts for all names in the repository. */
    interface PullTimes {
        /** Notes that a client gets a manifest. Never blocks, and writes nothing. */
        void recordPull(Repository repository, Digest manifest, Instant now);
    }

    /** Returns the manifest of a SHA-256 digest if its record is in memory and current; reads no content. */
    Optional<Manifest> findInMemory(Digest digest);

    /** Returns the manifest of a SHA-256 digest; empty if it has no valid record. */
    Optional<Manifest> find(Digest digest);

    /** Returns the record of the manifest of a SHA-256 digest: a pending write, otherwise always the stored one. */
    Optional<ManifestRecord> record(Digest digest);

    /**
     * Returns why this process may not read a record that the reference may mean; empty if no such record is known.
     * Only a record says which manifest a tag means, so a tag may mean every unreadable record.
     */
    Optional<String> unreadableReason(Reference reference);

    /**
     * Records that an upstream gave a manifest under a name. The name is durable when this method returns, unless the
     * disk fails.
     */
    default ManifestRecord confirm(Manifest manifest, ImageReference name, Instant now) {
        return confirm(manifest, name, now, record -> {});
    }

    /**
     * Records that an upstream gave a manifest under a name.
     *
     * @param then gets the record while it is locked against other changes
     */
    ManifestRecord confirm(Manifest manifest, ImageReference name, Instant now, Consumer<ManifestRecord> then);

    /** Returns true if the record of a manifest is stored with all its names. */
    boolean isSaved(Digest digest);

    /**
     * Removes a name from a record, because the upstream says that the manifest no longer has it.
     *
     * @param then runs while the record is locked against other changes
     */
    void removeName(Digest digest, ImageReference name, Runnable then);

    /**
     * Removes names of a record, or deletes the record. The change is durable after {@link #force}. If content of the
     * record is also in quarantine, the record counts as lost after its deletion; {@link #forgetLost} prevents that.
     *
     * @return false if the record did not change
     * @throws IOException if the disk fails; if a rewrite fails, the record is unchanged
     */
    boolean remove(Digest digest, Removal removal) throws IOException;

    /** Makes removals durable. */
    void force() throws IOException;

    /**
     * Returns the digests of all records, valid or not.
     *
     * @throws IOException if the records can't be listed
     */
    Set<Digest> digests() throws IOException;

    /** Reads every record, with its pull times. Corrupt records are quarantined. */
    void forEach(Consumer<ManifestRecord> action);

    /** Returns the bytes of all records. */
    long bytes();

    /**
     * Returns the lost records: those that exist only in quarantine (ADR 28).
     *
     * @throws IOException if the quarantine can't be listed, or if the only content that may name the blobs can't be
     *     read
     */
    List<QuarantinedRecord> lostRecords() throws IOException;

    /**
     * Deletes the records of the given manifests from the quarantine, so that they no longer count as lost.
     *
     * @throws IOException if the quarantine can't be listed
     */
    void forgetLost(Set<Digest> manifests) throws IOException;

    /** Returns the pull times that are not in the records yet. */
    PullTimes pullTimes();

    /** Writes pull times that were first noted at least a day ago into their records, a limited number per call. */
    void flushPullTimes(Instant now);

    /** Retries to write records that the disk did not take, and writes new pull times and a large unsaved index. */
    void save();

    /** Returns false if no record can have changed since the last scan. Cheap. */
    boolean mayHaveChanged();

    /**
     * Reports the changes that other programs made to the records since the last scan. Corrupt records are quarantined.
     * The first scan reports every record that this store has not confirmed since it was opened.
     */
    void detectChanges(RecordChanges changes);

    /** Reports the change that another program made to the record of one SHA-256 digest. */
    void detectChanges(Digest digest, RecordChanges changes);

    /** Saves the index of the records, with which the first scan after a start is fast. A failure is only logged. */
    void saveIndex();
}
