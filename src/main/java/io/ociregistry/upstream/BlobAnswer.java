package io.ociregistry.upstream;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A blob in flight from an upstream. Not thread-safe.
 *
 * <p>The caller closes it. Closing it before the end of the body breaks the connection instead of reading the rest.
 */
public interface BlobAnswer extends Closeable {
    /** Returns the position of the first byte of {@link #body()}; 0 if the upstream ignored the range. */
    long from();

    /** Returns the name of the registry, or the URL of the mirror, that sends the blob. */
    String sender();

    /** Returns the size of the whole blob, if the upstream sent it. */
    OptionalLong size();

    /**
     * Returns the blob without a content encoding that was not requested; empty if there is no encoding to decode.
     *
     * <p>Some registries encode blobs although {@code identity} was requested, and others only declare an encoding. The
     * size or the digest shows which is the case. The decoded blob has no known size. Call this before the first read.
     *
     * @throws IOException if the connection breaks
     */
    Optional<BlobAnswer> decoded() throws IOException;

    /** Returns the bytes. Reading throws {@link IOException} when the connection breaks, stalls or ends early. */
    InputStream body();

    @Override
    void close();
}
