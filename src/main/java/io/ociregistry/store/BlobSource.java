package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The content of one blob for one reader, who can't tell a stored blob from one that is still arriving.
 *
 * <p>Any number of readers may read one blob, each at its own position. A reader closes what it was given, once or more often.
 */
public interface BlobSource extends Closeable {
    /** Who waits until this position can be read waits for the end, or for a failure. */
    long END = Long.MAX_VALUE - 1;

    Digest digest();

    /** Bytes of the whole blob; empty as long as nobody knows. */
    OptionalLong size();

    /** The position before which everything is there now, or is about to be. */
    long available();

    /**
     * Reads what is there now, without waiting for more.
     *
     * @param into is advanced by what was read
     * @return how many bytes; 0 if none are there yet; -1 at the end, and only after the digest of the whole was verified
     * @throws io.ociregistry.oci.RegistryException if the bytes at that position will never come
     * @throws IOException if the disk failed
     */
    int read(long position, ByteBuffer into) throws IOException;

    /**
     * Calls back once, as soon as {@link #read} at that position would return something else than 0 or throw. That may be at once, on the
     * caller's thread, or later on a thread that has no time: {@code then} only enqueues.
     */
    void whenReadable(long position, Runnable then);

    /** The whole content as a file, if it is verified and lies in one; for containers that send files by themselves. */
    Optional<Path> localFile();

    @Override
    void close();
}
