package io.ociregistry.protocol;

import java.net.URI;
import java.nio.file.Path;

/** A running server, whatever it runs in. */
public interface ServerUnderTest extends AutoCloseable {
    /** Where it is; {@code /v2/} comes after this. Has a path if it is deployed under one. */
    URI base();

    /** The directory of its cache. */
    Path imagePath();

    /** Adds YAML to the end of its configuration, where the list of registries is. It counts after a reload. */
    default void append(String yaml) throws Exception {
        throw new UnsupportedOperationException("its configuration never changes");
    }

    @Override
    void close();

    /** Starts one on loopback. */
    interface Factory {
        /**
         * Starts a server with an empty cache.
         *
         * @param registries the YAML list that stands under {@code registries} in the configuration; nothing else is
         * set but the place of
         *     the cache and the port
         * @param directory an empty one, for its files
         */
        ServerUnderTest start(String registries, Path directory) throws Exception;
    }
}
