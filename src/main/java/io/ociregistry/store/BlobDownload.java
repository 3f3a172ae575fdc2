package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A blob in flight, which any number of clients can read while it arrives.
 *
 * <p>One receiver appends the bytes and decides the outcome; the last byte and the end are withheld from readers until
 * {@link #verify}. A download that can't be stored passes its bytes through memory. An implementation of {@link
 * BlobStore} publishes only downloads that it started itself.
 *
 * <p>{@link #reader}, {@link #size}, {@link #resumed} and {@link #digest} are thread-safe. All other methods are for
 * the receiver, which calls them on one thread, and releases the download at the end.
 */
public interface BlobDownload {
    Digest digest();

    /** Returns false if the bytes, or the last of them, only pass through, so that the store can't publish the blob. */
    boolean isWrittenToDisk();

    /** Returns the number of bytes that arrived or can be recovered: the position to ask an upstream for next. */
    long position();

    /** Returns how many bytes of the blob an earlier attempt left, as far as they are usable. */
    long resumed();

    /** Returns the bytes of the whole blob; empty while the size is unknown. */
    OptionalLong size();

    /** Sets the size unless it is known already. A wrong size does no harm: the digest decides at the end. */
    void expectSize(OptionalLong expected);

    /** Clears a size that turned out to be wrong. Call it only while there are no readers. */
    void forgetSize();

    /**
     * Opens a reader for one client, which closes it.
     *
     * @return empty if the download failed, if the receiver and all readers have left, or if the pass-through buffer
     *     discarded bytes already
     */
    Optional<BlobSource> reader();

    /**
     * Verifies the bytes of an earlier attempt against their checkpoints and makes them readable from checkpoint to
     * checkpoint.
     *
     * @return false if a checkpoint did not match; the bytes after the checkpoint before it were discarded
     * @throws IOException if the bytes can't be discarded
     */
    boolean recheck() throws IOException;

    /**
     * Appends bytes that arrived. If the disk does not take them, they pass through to the readers, and this method
     * waits for the slowest reader.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_WRONG_CONTENT} if more bytes arrive than the size allows;
     *     {@link ErrorCode#STORE_FAILED} if the bytes can't be stored and no reader needs them;
     *     {@link ErrorCode#OVERLOADED} if this program is stopping
     */
    void append(ByteBuffer bytes);

    /** Forces the bytes that arrived to disk and writes a checkpoint; does nothing for a pass-through download. */
    void checkpoint();

    /**
     * Discards the bytes that arrived, because they are wrong, and starts at the first byte again. Readers that read
     * some of them fail; the other readers wait. Call it only if {@link #isWrittenToDisk}.
     *
     * @throws IOException if the bytes can't be discarded
     */
    void restart() throws IOException;

    /** Returns true if the bytes that arrived so far have the digest of the blob, even if the size is unknown. */
    boolean isComplete();

    /**
     * Checks the digest after all bytes arrived, and releases the last byte if it matches.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_WRONG_CONTENT} if it does not match; readers do not fail
     *     before {@link #fail} is called
     */
    void verify();

    /** Ends the download with an error for all readers. Does nothing after {@link #verify}. */
    void fail(RegistryException cause);

    /** Ends the receiver's use of the download. Its resources are freed when the last reader is closed too. */
    void release();
}
