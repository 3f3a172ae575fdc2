package io.ociregistry.e2e;

import java.net.URI;
import java.util.List;

/** A running program that serves the registry: the fat jar, or a servlet container with the WAR in it. */
public interface Container extends AutoCloseable {
    /** Where the registry is, without a slash at the end; {@code url() + "/v2/"} is its first endpoint. */
    URI url();

    /** The lines of its access log: method, request URI with query, and status are in each. */
    List<String> accessLog();

    @Override
    void close();
}
