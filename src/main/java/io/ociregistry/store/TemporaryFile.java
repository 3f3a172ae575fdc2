package io.ociregistry.store;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A temporary file on the disk of the store, such as an archive that a client sends. It counts in the quota.
 *
 * <p>Closing it deletes it. The next start of the store deletes the files that a crash left. Not thread-safe.
 */
public interface TemporaryFile extends AutoCloseable {
    /** Returns the path, for code that reads the file in place. */
    String path();

    /** Returns the number of bytes that were appended. */
    long size();

    /**
     * Reserves space for a file of so many bytes, and for content of the same size that is made from it.
     *
     * @throws TooLargeException if the quota or the disk has too little space; the message has the numbers
     * @throws IOException if the disk fails
     */
    void reserve(long bytes) throws IOException;

    /**
     * Appends bytes. Reserves space for them if no space is reserved.
     *
     * @throws TooLargeException as {@link #reserve} does
     * @throws IOException if the write fails, for example on a full disk, or if the file is closed
     */
    void append(ByteBuffer bytes) throws IOException;

    /** Deletes the file and releases its space. Does nothing at the second call. */
    @Override
    void close();

    /** Thrown if a file does not fit into the store. The message says how much space there is, and what to do. */
    final class TooLargeException extends IOException {
        private static final long serialVersionUID = 1L;

        public TooLargeException(String message) {
            super(message);
        }
    }
}
