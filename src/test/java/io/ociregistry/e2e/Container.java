package io.ociregistry.e2e;

import java.net.URI;
import java.util.List;

/** A running program that serves the registry: the fat jar, or a servlet container with the WAR in it. */
public interface Container extends AutoCloseable {
    /** Returns the URL without a trailing slash; {@code url() + "/v2/"} is the first endpoint. */
    URI url();

    /** Returns the lines of the access log: each has the method, the request URI with query, and the status. */
    List<String> accessLog();

    @Override
    void close();
}
