package io.ociregistry.store;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The blobs of a store.
 *
 * <p>The stored content is authoritative (ADR 4): a blob that another program added counts as stored, and a blob that
 * another program deleted does not. {@link #open} opens only verified blobs. A blob that this store did not publish, or
 * that changed afterwards, is verified first: see {@link #openUnverified} and {@link #verifyUnverified}. Thread-safe.
 */
public interface BlobStore {
    /**
     * A stored blob, verified or not.
     *
     * @param size size in bytes
     * @param lastChanged the time of the last change, which a copy with an old modification time does not hide
     */
    record BlobFile(Digest digest, long size, Instant lastChanged) {}

    /** A blob whose interrupted download can be resumed, and the repository that it was downloaded from. */
    record InterruptedDownload(Digest digest, Repository source) {}

    /** Returns true if a blob is stored, verified or not, and is not known to be corrupt. */
    boolean contains(Digest digest);

    /** Returns the size of a stored blob, verified or not; empty if {@link #contains} is false. */
    OptionalLong size(Digest digest);

    /**
     * Returns true if a stored blob may have the right content: it is readable and has the expected size. An empty
     * blob, which a crash may leave, is right only for the digest of no bytes.
     *
     * @param expected the size, if a manifest says it
     */
    boolean mayContain(Digest digest, OptionalLong expected);

    /** Returns true if a stored blob may have the right content, which has the size of the descriptor. */
    default boolean mayContain(Descriptor blob) {
        return mayContain(blob.digest(), blob.size());
    }

    /** Returns true if a blob is verified and readable, so that {@link #open} would open it. */
    boolean isVerified(Digest digest);

    /** Returns every blob that {@link #contains} is true for, in no order. */
    List<Digest> digests();

    /** Returns all stored blobs, in no order. */
    List<BlobFile> files();

    /** Returns a stored blob; empty if there is none or it is known to be corrupt. */
    Optional<BlobFile> file(Digest digest);

    /** Opens a verified blob, which the caller closes; empty if there is none or it is being deleted. */
    Optional<BlobSource> open(Digest digest);

    /** Opens a stored blob, verified or not. The caller verifies the content and closes the stream. */
    InputStream openStream(Digest digest) throws IOException;

    /**
     * Reads a whole small blob, such as a config, and verifies its digest.
     *
     * @param maxBytes the size above which it is not read
     * @return empty if it does not exist, is too large, can't be read or has another digest
     */
    Optional<byte[]> read(Digest digest, int maxBytes);

    /** Returns why this process may not read a stored blob; empty if it may, or if the blob is not stored. */
    Optional<String> unreadableReason(Digest digest);

    /** Starts the download of a blob of unknown size; see {@link #startDownload(Digest, Repository, OptionalLong)}. */
    default BlobDownload startDownload(Digest digest, Repository source) {
        return startDownload(digest, source, OptionalLong.empty());
    }

    /**
     * Starts or resumes the download of a blob. The bytes of an earlier attempt stay up to their last checkpoint.
     *
     * <p>The download is pass-through if the store is read-only, the disk fails, the quota does not take the blob, this
     * process may not read stored content of the blob, or a download of the blob from this registry is in flight. May
     * wait until other blobs are evicted.
     *
     * @param source the repository that sends the blob; the attempts of each registry are separate
     * @param expected the size, if a manifest says it
     */
    BlobDownload startDownload(Digest digest, Repository source, OptionalLong expected);

    /**
     * Starts the download of a part of a blob for one reader; it is neither stored nor verified.
     *
     * @param size bytes of the whole blob
     */
    BlobDownload startRange(Digest digest, long size, long from);

    /** Returns false if the quota has no space for a blob of this size. */
    boolean canStore(OptionalLong size);

    /**
     * Publishes a verified download of this store, durably: after a crash the blob is stored completely or not at all.
     * Call it only if {@link BlobDownload#isWrittenToDisk}.
     *
     * @throws IOException if the disk fails; the download can be resumed
     */
    void publish(BlobDownload download) throws IOException;

    /** Deletes the bytes of a download of this store, so that it can't be resumed. */
    void discard(BlobDownload download);

    /** Returns the blobs whose downloads are in flight and write to disk. */
    Set<Digest> inFlight();

    /** Returns the interrupted downloads that are not in flight. Deletes those whose blobs are verified by now. */
    List<InterruptedDownload> interrupted();

    /** Returns the bytes of interrupted downloads. Bytes of downloads in flight are reserved in the quota. */
    long interruptedBytes();

    /**
     * Deletes the bytes of interrupted downloads.
     *
     * @param unwanted returns true for a blob whose bytes are deleted
     * @param changedBefore only downloads that last changed before this time are deleted
     */
    void discardInterrupted(Predicate<Digest> unwanted, Instant changedBefore);

    /**
     * Deletes a stored blob; a reader that has it open can read it to its end. A blob that was opened in the last 60
     * seconds, whose download is in flight, or that changed after {@code blob} was read, stays.
     *
     * @return true if it was deleted
     */
    boolean delete(BlobFile blob);

    /**
     * Opens a stored blob that is not verified, so that clients can read it while {@link #verifyUnverified} hashes it.
     *
     * @return empty if it is not stored, or is being deleted
     */
    Optional<BlobDownload> openUnverified(Digest digest) throws IOException;

    /**
     * Verifies a stored blob while clients read it. If its digest is wrong or it can't be read, its readers do not get
     * its last byte, and it is quarantined. A blob that was modified in the last 60 seconds is not quarantined, because
     * another program may still be writing it.
     *
     * @throws RegistryException if the digest is wrong
     * @throws IOException if the blob can't be read
     */
    void verifyUnverified(BlobDownload unverified) throws IOException;

    /**
     * Quarantines a corrupt blob, unless other content replaced it. Readers that have it open can read on. The store
     * still knows that the blob was stored once: see {@link #wereVerified}.
     */
    void quarantine(CorruptFile bad);

    /** Returns those of the given blobs that were verified once and not deleted by {@link #delete} afterwards. Slow. */
    Set<Digest> wereVerified(Set<Digest> digests);

    /** Retries the deferred writes that failed. */
    void save();
}
