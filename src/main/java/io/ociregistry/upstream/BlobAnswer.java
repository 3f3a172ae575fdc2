package io.ociregistry.upstream;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.OptionalLong;

/** A blob that is arriving from an upstream. Closing it before the end breaks the connection instead of reading the rest. */
public interface BlobAnswer extends Closeable {
    /** The position of the first byte of {@link #body()}: the one asked for, or 0 where the upstream ignored the range. */
    long from();

    /** The size of the whole blob, if the upstream told. */
    OptionalLong size();

    /**
     * The same without an encoding that nobody asked for, and of unknown size; empty if it has none that can be undone. Some encode what they
     * should not, others only say so: which it is the size or the digest has to tell. Asked for before anything is read.
     *
     * @throws IOException if the connection breaks meanwhile
     */
    Optional<BlobAnswer> decoded() throws IOException;

    /** The bytes. Reading throws {@link IOException} when the connection breaks, stalls or ends early. */
    InputStream body();

    @Override
    void close();
}
