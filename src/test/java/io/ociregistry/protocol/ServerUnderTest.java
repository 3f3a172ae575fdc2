package io.ociregistry.protocol;

import java.net.URI;
import java.nio.file.Path;

/** A running server in any container. */
public interface ServerUnderTest extends AutoCloseable {
    /** Returns the base URL, before {@code /v2/}, with the context path if there is one. */
    URI base();

    /** Returns the directory of the cache. */
    Path imagePath();

    /** Appends YAML to the list of registries, at the end of the configuration. A reload applies it. */
    default void append(String yaml) throws Exception {
        throw new UnsupportedOperationException("its configuration never changes");
    }

    @Override
    void close();

    /** Starts a server on loopback. */
    interface Factory {
        /**
         * Starts a server with an empty cache.
         *
         * @param registries the YAML list under {@code registries} in the configuration, which otherwise sets only
         *     the directory of the cache and the port
         * @param directory an empty directory for the files of the server
         */
        ServerUnderTest start(String registries, Path directory) throws Exception;
    }
}
