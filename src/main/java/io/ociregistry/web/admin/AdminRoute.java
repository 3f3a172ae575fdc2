package io.ociregistry.web.admin;

import io.ociregistry.web.api.Answer;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * One route of the admin API.
 *
 * @param methods the methods that the route accepts; never GET if the route changes something, because browsers send
 *     GET without the intent of their user
 */
record AdminRoute(String path, List<String> methods, Endpoint endpoint) {
    /** Answers requests. The stage fails with {@link io.ociregistry.oci.RegistryException}. */
    @FunctionalInterface
    interface Endpoint {
        CompletionStage<Answer> answer(HttpServletRequest request);
    }

    /** Returns a route that changes nothing. */
    static AdminRoute get(String path, Endpoint endpoint) {
        return new AdminRoute(path, List.of("GET", "HEAD"), endpoint);
    }

    static AdminRoute post(String path, Endpoint endpoint) {
        return new AdminRoute(path, List.of("POST"), endpoint);
    }
}
