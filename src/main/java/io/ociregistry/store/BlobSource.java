package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The content of one blob for one reader, whether the blob is stored or its download is in flight.
 *
 * <p>Each reader has a source of its own and reads at its own position; any number of readers may read one blob. The
 * reader closes its source; closing it more than once has no effect.
 */
public interface BlobSource extends Closeable {
    /** A position behind every blob: {@link #whenReadable} at it calls back at the end of the blob, or if it fails. */
    long END = Long.MAX_VALUE - 1;

    Digest digest();

    /** Returns the size of the whole blob in bytes; empty while it is not known. */
    OptionalLong size();

    /** The place from which the bytes of a source come. */
    enum Origin {
        /** A file of the store. */
        STORED,
        /** A download in flight that is written to the store. */
        ARRIVING,
        /** A download in flight that is not stored. */
        PASSED
    }

    /** Returns the place from which the bytes come now. */
    default Origin origin() {
        return Origin.STORED;
    }

    /** Returns the position up to which all bytes are readable now or very soon. */
    long available();

    /** Returns how many bytes of the blob an earlier attempt left, so that its download does not receive them. */
    default long resumed() {
        return 0;
    }

    /**
     * Reads the bytes available now; never blocks to wait for more.
     *
     * @param into the target, whose position is advanced by the number of bytes read
     * @return the number of bytes read; 0 if none are available yet; -1 at the end, which is reported only after the
     *     digest of the whole blob was verified
     * @throws io.ociregistry.oci.RegistryException if the download failed before it reached this position
     * @throws IOException if the disk failed
     */
    int read(long position, ByteBuffer into) throws IOException;

    /** Returns a range of the blob if its bytes are in memory, so that no file has to be read; otherwise empty. */
    default Optional<ByteBuffer> inMemory(long from, long to) {
        return Optional.empty();
    }

    /**
     * Writes available bytes to a channel. A stored blob goes from its file to the channel without a copy in this
     * process, where the system can do that.
     *
     * @param target a channel that does not block
     * @return the number of bytes written; 0 if the channel takes no bytes now, or none are available
     * @throws IOException if the disk or the channel failed, or the blob ends before the position
     */
    default long transferTo(long position, long count, WritableByteChannel target) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(count, 32 << 10));
        if (read(position, bytes) < 0) {
            throw new EOFException(digest() + " ends before byte " + position);
        }
        return target.write(bytes.flip());
    }

    /**
     * Calls back once, as soon as {@link #read} at this position would not return 0. The callback runs immediately on
     * the thread of the caller, or later on a thread of the download; therefore it must not block, and only enqueue
     * work.
     */
    void whenReadable(long position, Runnable callback);

    /**
     * Returns a range of the blob as a range of a verified local file; empty if the blob is in flight, has no local
     * file, or the file can't be opened by its name any more.
     */
    Optional<FileRegion> fileRegion(long from, long to);

    /**
     * A part of a verified local file, for servlet containers that send files by their name. Only a store creates it.
     *
     * @param name the absolute name of the file
     * @param from the first byte
     * @param to the byte after the last
     */
    record FileRegion(String name, long from, long to) {}

    @Override
    void close();
}
