package io.ociregistry.web.admin;

import io.ociregistry.web.http.AsyncWait;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;

/**
 * One thing that operators can ask for.
 *
 * @param methods that it answers; what changes something is never asked for by GET, which browsers send unasked
 */
record AdminRoute(String path, List<String> methods, Endpoint endpoint) {
    /** Answers requests. What it waits for it waits for as {@link AsyncWait} does, so it is called again then. */
    @FunctionalInterface
    interface Endpoint {
        void answer(HttpServletRequest request, HttpServletResponse response) throws IOException;
    }

    /** One that only tells something. */
    static AdminRoute get(String path, Endpoint endpoint) {
        return new AdminRoute(path, List.of("GET", "HEAD"), endpoint);
    }

    static AdminRoute post(String path, Endpoint endpoint) {
        return new AdminRoute(path, List.of("POST"), endpoint);
    }
}
