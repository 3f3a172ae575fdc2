package io.ociregistry.store.download;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.DiskQuota;
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
 * One blob that is arriving, readable by any number of clients meanwhile.
 *
 * <p>There is no leading client: one receiver appends, hashes and publishes how far readers may go. What holds:
 *
 * <ol>
 *   <li>a slow or vanished client never slows or cancels the download;
 *   <li>the last byte and the end are withheld until the digest is verified: no client ever gets a complete wrong body;
 *   <li>the last byte waits for the digest, not for the disk: {@link #verify} releases the readers, the store forces and renames after it;
 *   <li>the file stays open for as long as somebody reads, so renaming or deleting it changes nothing for them;
 *   <li>every outcome, failures too, wakes all readers;
 *   <li>a reader behind a failure still gets what arrived before it, then the failure;
 *   <li>what an earlier attempt left is read by nobody before it was found to be what had arrived then.
 * </ol>
 *
 * <p>Where the disk takes no more, the rest goes through a {@link PassThroughBuffer} in memory and is not kept. There, and only there, the slowest reader
 * sets the pace; one that takes nothing for too long is given up, and who comes late needs a download of its own.
 *
 * <p>All methods but {@link #reader}, {@link #size} and {@link #digest} are the receiver's, and called by one thread.
 */
public final class BlobDownload {
    private static final Logger LOG = LoggerFactory.getLogger(BlobDownload.class);
    /** Readers get what is looked through in pieces of that size. */
    private static final int PIECE = 1 << 16;

    private final Digest digest;
    private final DownloadReaders audience;
    private final @Nullable PartialFile file;
    private final DiskQuota.Share share;
    private final Runnable whenReleased;
    private IncrementalDigest hash;

    private BlobDownload(Digest digest, DownloadReaders audience, @Nullable PartialFile file) {
        this(digest, audience, file, DiskQuota.unlimited().begin(0), () -> {});
    }

    private BlobDownload(
            Digest digest,
            DownloadReaders audience,
            @Nullable PartialFile file,
            DiskQuota.Share share,
            Runnable whenReleased) {
        this.share = share;
        this.digest = digest;
        this.audience = audience;
        this.file = file;
        this.whenReleased = whenReleased;
        this.hash = new IncrementalDigest(digest.algorithm());
    }

    /**
     * Receives into an open file.
     *
     * @param patience how long a reader may stand still where it holds up others
     * @param share where the bytes are taken from that it has on the disk
     * @param whenReleased run at the end
     */
    public static BlobDownload receive(
            Digest digest, PartialFile file, Duration patience, DiskQuota.Share share, Runnable whenReleased) {
        BlobDownload download =
                new BlobDownload(digest, new DownloadReaders(digest, patience), file, share, whenReleased);
        download.audience.promise(file.end());
        return download;
    }

    /** Checks an open file that is there like something that arrives. */
    public static BlobDownload recheck(Digest digest, PartialFile file) {
        BlobDownload download = new BlobDownload(digest, new DownloadReaders(digest, Duration.ZERO), file);
        download.expect(OptionalLong.of(file.end()));
        return download;
    }

    /** Receives without keeping anything. */
    public static BlobDownload passing(Digest digest, Duration patience) {
        DownloadReaders audience = new DownloadReaders(digest, patience);
        audience.openWindow(0);
        return new BlobDownload(digest, audience, null);
    }

    /** Receives a part of a blob of that size for one reader, without keeping or verifying anything. */
    public static BlobDownload part(Digest digest, long size, long from, Duration patience) {
        BlobDownload download = new BlobDownload(digest, DownloadReaders.ofPart(digest, from, patience), null);
        download.expect(OptionalLong.of(size));
        return download;
    }

    public Digest digest() {
        return digest;
    }

    /** Where something of it may lie on the disk. */
    public Optional<Path> path() {
        return Optional.ofNullable(file).map(PartialFile::path);
    }

    /** The file that is received into or checked. */
    public PartialFile file() {
        if (file == null) {
            throw new IllegalStateException("blob " + digest + " is not kept");
        }
        return file;
    }

    public DiskQuota.Share share() {
        return share;
    }

    /** False if it only passes through: then there is nothing to become a part of the store. */
    public boolean isKept() {
        return audience.isKept();
    }

    /** How many bytes are held; the next one to ask an upstream for. */
    public long held() {
        return Math.max(audience.received(), audience.promised());
    }

    /** Bytes of the whole, as far as anybody told. */
    public OptionalLong size() {
        return audience.size();
    }

    /** Takes over what is known of the size; the first to tell is believed, and the digest decides in the end. */
    public void expect(OptionalLong told) {
        audience.expect(told);
    }

    /** What was told of the size is wrong; only while there are no readers. */
    public void forgetSize() {
        audience.forgetSize();
    }

    /** A reader of its own for one client; empty once it is over and everybody has left, or where what a new reader needs is gone already. */
    public Optional<BlobSource> reader() {
        DownloadReader reader = new DownloadReader(this, audience);
        return audience.join(reader) ? Optional.of(reader) : Optional.empty();
    }

    /**
     * Looks through what an earlier attempt left. Readers get it checkpoint by checkpoint.
     *
     * @return false if some of it is not what had arrived then; what comes before that is still held
     * @throws IOException if the disk does not allow it
     */
    public boolean recheck() throws IOException {
        if (audience.promised() == 0) {
            return true;
        }
        for (Checkpoints.Checkpoint checkpoint : file().checkpoints()) {
            IncrementalDigest before = hash.copy();
            if (!isUnchanged(checkpoint)) {
                hash = before;
                audience.promise(0);
                file().cut(held(), hash);
                LOG.warn("{}: the disk changed it after byte {}; fetching that again", file().path(), held());
                return false;
            }
            audience.advance(checkpoint.position());
        }
        audience.promise(0);
        return true;
    }

    /** Hashes on to a checkpoint. What the disk does not give any more counts as changed. */
    private boolean isUnchanged(Checkpoints.Checkpoint checkpoint) throws IOException {
        try {
            return file().hash(audience.received(), checkpoint.position(), hash)
                    && hash.now().equals(checkpoint.digest());
        } catch (ClosedChannelException stopping) {
            throw stopping;
        } catch (IOException e) {
            LOG.error("reading {}: {}", file().path(), e.toString());
            return false;
        }
    }

    /**
     * Appends what arrived. If the disk does not take it, it goes to the readers alone, as fast as they take it.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_WRONG_CONTENT} if that is more than there can be; {@link ErrorCode#STORE_FAILED} if it
     *     can't be kept and nobody reads; {@link ErrorCode#OVERLOADED} if this program is stopping
     */
    public void append(ByteBuffer bytes) {
        OptionalLong total = size();
        if (total.isPresent() && held() + bytes.remaining() > total.getAsLong()) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_WRONG_CONTENT,
                    "blob " + digest + ": more than the " + total.getAsLong() + " bytes announced arrived");
        }
        hash.state().update(bytes.duplicate());
        if (isKept()) {
            keep(bytes);
        }
        audience.pass(bytes);
    }

    /** Forces what arrived, and notes that it did; does nothing where it is not kept. */
    public void checkpoint() {
        try {
            if (isKept() && audience.promised() == 0) {
                file().checkpoint(held(), hash);
            }
        } catch (IOException e) {
            LOG.warn("noting how far {} got: {}", file().path(), e.toString());
        }
    }

    /** Takes over what lies in the file already, up to a position, hashing it; nothing of it is trusted before the end. */
    public void rehash(long upTo) throws IOException {
        while (held() < upTo) {
            long next = Math.min(upTo, held() + PIECE);
            if (!file().hash(audience.received(), next, hash)) {
                throw new IOException(file().path() + " ended before " + next + " of " + upTo + " bytes");
            }
            audience.advance(next);
        }
    }

    /**
     * What arrived is wrong; starts over. Readers who have got some of it fail, the others wait for the new start. Only for a download that
     * {@link #isKept}.
     *
     * @throws IOException if the disk does not allow it
     */
    public void restart() throws IOException {
        hash = new IncrementalDigest(digest.algorithm());
        audience.restart();
        file().cut(0, hash);
    }

    /** True if what is there already is the whole, though nobody may have told its size. */
    public boolean isWhole() {
        return hash.now().equals(digest);
    }

    /**
     * All has arrived. Checks size and digest, and if they are right releases the last byte.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_WRONG_CONTENT} if they are not; the readers are not told yet
     */
    public void verify() {
        Digest actual = hash.now();
        OptionalLong total = size();
        if (!actual.equals(digest)) {
            String what = total.isPresent() && held() < total.getAsLong() ? "only part of it arrived, " : "";
            throw new RegistryException(
                    ErrorCode.UPSTREAM_WRONG_CONTENT,
                    "blob " + digest + ": " + what + "the " + held() + " bytes that arrived have the digest " + actual);
        }
        audience.verified();
    }

    /** Nothing more will come. Does nothing after {@link #verify}. */
    public void fail(RegistryException cause) {
        audience.fail(cause);
    }

    /** The receiver leaves. The file is closed when the last reader has left too. */
    public void release() {
        audience.receiverLeft();
        whenReleased.run();
        closeIfOver();
    }

    void closeIfOver() {
        if (file == null || !audience.isOver()) {
            return;
        }
        try {
            file.close();
        } catch (IOException e) {
            throw new IllegalStateException("closing " + file.path(), e);
        }
    }

    static RegistryException stopping(Digest digest, Exception e) {
        return new RegistryException(
                ErrorCode.OVERLOADED, "blob " + digest + ": this server is stopping; ask again", e);
    }

    private void keep(ByteBuffer bytes) {
        long position = held();
        if (!share.expect(position + bytes.remaining())) {
            audience.openWindow(position);
            return;
        }
        try {
            while (bytes.hasRemaining()) {
                position += file().write(bytes, position);
            }
            audience.advance(position);
            file().checkpointIfDue(position, hash);
        } catch (ClosedChannelException e) {
            throw stopping(digest, e);
        } catch (IOException e) {
            LOG.error(
                    "{} can't be kept, only passed on, since the cache's disk fails: {}", file().path(), e.toString());
            audience.advance(position);
            audience.openWindow(position);
        }
    }
}
