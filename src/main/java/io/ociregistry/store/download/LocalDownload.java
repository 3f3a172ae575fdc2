package io.ociregistry.store.download;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.BlobDownload;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.DiskQuota;
import io.ociregistry.store.disk.DiskFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A blob in flight, which any number of clients can read while it arrives.
 *
 * <p>No client leads the download: one receiver appends and hashes the bytes, and sets the position up to which readers
 * may read. Invariants:
 *
 * <ol>
 *   <li>a slow or vanished client never slows or cancels the download;
 *   <li>the last byte and the end are withheld until the digest is verified: no client ever gets a complete wrong body;
 *   <li>the last byte waits for the digest, not for the disk: {@link #verify} releases the readers, and the store
 *       forces and renames the file afterwards;
 *   <li>the file stays open as long as a reader is open, so that a rename or deletion does not affect readers;
 *   <li>every outcome, including a failure, wakes all readers;
 *   <li>a reader that is behind a failure still gets the bytes that arrived before it, and then the failure;
 *   <li>bytes of an earlier attempt are readable only after their checkpoints were verified.
 * </ol>
 *
 * <p>If the disk takes no more bytes, the rest goes through a {@link PassThroughBuffer} in memory and is not stored.
 * Only then the slowest reader limits the download. A reader that reads nothing for too long is dropped, and a client
 * that comes after the buffer discarded bytes needs a download of its own.
 *
 * <p>{@link #reader}, {@link #size}, {@link #resumed} and {@link #digest} are thread-safe. All other methods are for
 * the receiver, which calls them on one thread.
 */
public final class LocalDownload implements BlobDownload {
    private static final Logger LOG = LoggerFactory.getLogger(LocalDownload.class);
    /** Bytes that {@link #rehash} hashes before it makes them readable. */
    private static final int PIECE = 1 << 16;

    private final Digest digest;
    private final DownloadReaders readers;
    private final @Nullable PartialFile file;
    private final DiskQuota.Reservation reservation;
    private final Runnable whenReleased;
    private IncrementalDigest hash;
    private volatile long resumed;
    private volatile boolean isStored;

    private LocalDownload(Digest digest, DownloadReaders readers, @Nullable PartialFile file) {
        this(digest, readers, file, DiskQuota.unlimited().startReservation(0), () -> {});
    }

    private LocalDownload(
            Digest digest,
            DownloadReaders readers,
            @Nullable PartialFile file,
            DiskQuota.Reservation reservation,
            Runnable whenReleased) {
        this.reservation = reservation;
        this.digest = digest;
        this.readers = readers;
        this.file = file;
        this.whenReleased = whenReleased;
        this.hash = new IncrementalDigest(digest.algorithm());
    }

    /**
     * Returns a download that writes into an open file.
     *
     * @param stallTimeout how long a reader may read nothing while other readers wait for it
     * @param reservation the part of the disk quota that covers the bytes of the file
     * @param whenReleased runs when the receiver releases the download
     */
    public static LocalDownload receive(
            Digest digest,
            PartialFile file,
            Duration stallTimeout,
            DiskQuota.Reservation reservation,
            Runnable whenReleased) {
        LocalDownload download =
                new LocalDownload(digest, new DownloadReaders(digest, stallTimeout), file, reservation, whenReleased);
        download.readers.setRecoverableTo(file.initialSize());
        download.resumed = file.initialSize();
        return download;
    }

    /** Returns a download that verifies a complete open file, so that readers can read it during the verification. */
    public static LocalDownload recheck(Digest digest, PartialFile file) {
        LocalDownload download = new LocalDownload(digest, new DownloadReaders(digest, Duration.ZERO), file);
        download.expectSize(OptionalLong.of(file.initialSize()));
        download.isStored = true;
        return download;
    }

    /** Returns a pass-through download, which stores nothing. */
    public static LocalDownload passThrough(Digest digest, Duration stallTimeout) {
        DownloadReaders readers = new DownloadReaders(digest, stallTimeout);
        readers.startPassThrough(0);
        return new LocalDownload(digest, readers, null);
    }

    /**
     * Returns a download of a part of a blob for one reader, which stores and verifies nothing.
     *
     * @param size bytes of the whole blob
     */
    public static LocalDownload range(Digest digest, long size, long from, Duration stallTimeout) {
        LocalDownload download = new LocalDownload(digest, DownloadReaders.ofRange(digest, from, stallTimeout), null);
        download.expectSize(OptionalLong.of(size));
        return download;
    }

    @Override
    public Digest digest() {
        return digest;
    }

    /** Returns the path of the file that holds its bytes; empty for a download that started as pass-through. */
    public Optional<Path> path() {
        return Optional.ofNullable(file).map(PartialFile::path);
    }

    /**
     * Returns the file that is written to or verified.
     *
     * @throws IllegalStateException for a download that started as pass-through
     */
    public PartialFile file() {
        if (file == null) {
            throw new IllegalStateException("blob " + digest + " has no file, because it only passes through");
        }
        return file;
    }

    public DiskQuota.Reservation reservation() {
        return reservation;
    }

    @Override
    public boolean isWrittenToDisk() {
        return readers.isWrittenToDisk();
    }

    BlobSource.Origin origin() {
        if (isStored) {
            return BlobSource.Origin.STORED;
        }
        return isWrittenToDisk() ? BlobSource.Origin.ARRIVING : BlobSource.Origin.PASSED;
    }

    @Override
    public long position() {
        return Math.max(readers.received(), readers.recoverableTo());
    }

    @Override
    public long resumed() {
        return resumed;
    }

    @Override
    public OptionalLong size() {
        return readers.size();
    }

    @Override
    public void expectSize(OptionalLong expected) {
        readers.expectSize(expected);
    }

    @Override
    public void forgetSize() {
        readers.forgetSize();
    }

    @Override
    public Optional<BlobSource> reader() {
        DownloadReader reader = new DownloadReader(this, readers);
        return readers.join(reader) ? Optional.of(reader) : Optional.empty();
    }

    @Override
    public boolean recheck() throws IOException {
        if (readers.recoverableTo() == 0) {
            return true;
        }
        for (Checkpoints.Checkpoint checkpoint : file().checkpoints()) {
            IncrementalDigest before = hash.copy();
            if (!isUnchanged(checkpoint)) {
                hash = before;
                readers.setRecoverableTo(0);
                resumed = Math.min(resumed, position());
                file().truncate(position(), hash);
                LOG.warn(
                        "{} has changed on disk after byte {}; the bytes after it are fetched again",
                        file().path(),
                        position());
                return false;
            }
            readers.advance(checkpoint.position());
        }
        readers.setRecoverableTo(0);
        return true;
    }

    /** Returns true if the bytes up to a checkpoint have its digest; a read error counts as a change. */
    private boolean isUnchanged(Checkpoints.Checkpoint checkpoint) throws IOException {
        try {
            return file().hash(readers.received(), checkpoint.position(), hash)
                    && hash.current().equals(checkpoint.digest());
        } catch (ClosedChannelException stopping) {
            throw stopping;
        } catch (IOException e) {
            LOG.error("reading {} failed, so its rest is fetched again: {}", file().path(), e.toString());
            return false;
        }
    }

    @Override
    public void append(ByteBuffer bytes) {
        OptionalLong total = size();
        if (total.isPresent() && position() + bytes.remaining() > total.getAsLong()) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_WRONG_CONTENT,
                    "blob " + digest + ": more bytes arrived than the " + total.getAsLong() + " that were announced");
        }
        Runnable awaitHash = BesideReceiver.hash(hash, bytes.duplicate());
        try {
            if (isWrittenToDisk()) {
                writeToDisk(bytes);
            }
        } finally {
            awaitHash.run();
        }
        if (isWrittenToDisk()) {
            checkpointIfDue();
        }
        readers.passThrough(bytes);
    }

    @Override
    public void checkpoint() {
        try {
            if (isWrittenToDisk() && readers.recoverableTo() == 0) {
                file().checkpoint(position(), hash);
            }
        } catch (IOException e) {
            LOG.warn("writing a checkpoint of {} failed: {}", file().path(), e.toString());
        }
    }

    /** Hashes the bytes that are in the file already, up to a position, and makes them readable except the last one. */
    public void rehash(long upTo) throws IOException {
        while (position() < upTo) {
            long next = Math.min(upTo, position() + PIECE);
            if (!file().hash(readers.received(), next, hash)) {
                throw new IOException(file().path() + " ended before " + next + " of " + upTo + " bytes");
            }
            readers.advance(next);
        }
    }

    @Override
    public void restart() throws IOException {
        hash = new IncrementalDigest(digest.algorithm());
        resumed = 0;
        readers.restart();
        file().truncate(0, hash);
    }

    @Override
    public boolean isComplete() {
        return hash.current().equals(digest);
    }

    @Override
    public void verify() {
        Digest actual = hash.current();
        OptionalLong total = size();
        if (!actual.equals(digest)) {
            String truncated = total.isPresent() && position() < total.getAsLong() ? "only part of it arrived, " : "";
            throw new RegistryException(
                    ErrorCode.UPSTREAM_WRONG_CONTENT,
                    "blob " + digest + ": " + truncated + "the " + position() + " bytes that arrived have the digest "
                            + actual);
        }
        readers.verified();
    }

    @Override
    public void fail(RegistryException cause) {
        readers.fail(cause);
    }

    @Override
    public void release() {
        readers.receiverLeft();
        whenReleased.run();
        closeIfUnused();
    }

    void closeIfUnused() {
        if (file == null || !readers.isUnused()) {
            return;
        }
        try {
            file.close();
        } catch (IOException e) {
            throw new IllegalStateException("closing " + file.path(), e);
        }
    }

    static RegistryException shuttingDown(Digest digest, Exception e) {
        return new RegistryException(
                ErrorCode.OVERLOADED, "blob " + digest + ": this server is stopping; ask again", e);
    }

    private void writeToDisk(ByteBuffer bytes) {
        long position = position();
        if (!reservation.extend(position + bytes.remaining())) {
            readers.startPassThrough(position);
            return;
        }
        try {
            while (bytes.hasRemaining()) {
                position += file().write(bytes, position);
            }
            readers.advance(position);
        } catch (IOException e) {
            readers.advance(position);
            stopWriting(e);
        }
    }

    private void checkpointIfDue() {
        try {
            file().checkpointIfDue(position(), hash);
        } catch (IOException e) {
            stopWriting(e);
        }
    }

    private void stopWriting(IOException cause) {
        if (cause instanceof ClosedChannelException) {
            throw shuttingDown(digest, cause);
        }
        LOG.error(
                "writing {} failed, so the rest of blob {} goes to clients without being stored: {}{}",
                file().path(),
                digest,
                DiskFailure.describe(cause),
                file().notes().of(digest));
        readers.startPassThrough(position());
    }
}
