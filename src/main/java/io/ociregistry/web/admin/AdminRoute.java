package io.ociregistry.web.admin;

import io.ociregistry.web.send.AsyncWait;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;

/**
 * One route of the admin API.
 *
 * @param methods the methods that the route accepts; never GET if the route changes something, because browsers send
 *     GET without the intent of their user
 */
record AdminRoute(String path, List<String> methods, Endpoint endpoint) {
    /** Answers requests. An endpoint that waits with {@link AsyncWait} is called again after the wait. */
    @FunctionalInterface
    interface Endpoint {
        void answer(HttpServletRequest request, HttpServletResponse response) throws IOException;
    }

    /** Returns a route that changes nothing. */
    static AdminRoute get(String path, Endpoint endpoint) {
        return new AdminRoute(path, List.of("GET", "HEAD"), endpoint);
    }

    static AdminRoute post(String path, Endpoint endpoint) {
        return new AdminRoute(path, List.of("POST"), endpoint);
    }
}
