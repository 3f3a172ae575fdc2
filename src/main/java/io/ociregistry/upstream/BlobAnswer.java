package io.ociregistry.upstream;

import java.io.Closeable;
import java.io.InputStream;
import java.util.OptionalLong;

/** A blob that is arriving from an upstream. Closing it before the end breaks the connection instead of reading the rest. */
public interface BlobAnswer extends Closeable {
    /** The position of the first byte of {@link #body()}: the one asked for, or 0 where the upstream ignored the range. */
    long from();

    /** The size of the whole blob, if the upstream told. */
    OptionalLong size();

    /** The bytes. Reading throws {@link java.io.IOException} when the connection breaks, stalls or ends early. */
    InputStream body();

    @Override
    void close();
}
