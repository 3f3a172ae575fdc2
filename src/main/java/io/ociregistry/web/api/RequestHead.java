package io.ociregistry.web.api;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The head of a request as the client sent it. An immutable copy, because the objects of a transport may serve another
 * request before a wait of this one ends.
 *
 * @param context the path of the web application, without a slash at the end; empty for the root
 * @param path the path below the web application, percent-encoded
 * @param log gets the facts about the answer
 */
public record RequestHead(
        String method, String context, String path, Query query, Headers headers, AccessLogEntry log) {
    /** The headers that the distribution API reads; null if the request does not have them. */
    public record Headers(
            @Nullable String authorization,
            @Nullable String registry,
            @Nullable String range,
            @Nullable String ifRange,
            @Nullable String ifNoneMatch,
            List<String> via) {
        /**
         * Copies the headers.
         *
         * @param first returns the first value of a header
         * @param all returns all values of a header
         */
        public static Headers of(Function<String, @Nullable String> first, Function<String, List<String>> all) {
            return new Headers(
                    first.apply("Authorization"),
                    first.apply("X-Registry"),
                    first.apply("Range"),
                    first.apply("If-Range"),
                    first.apply("If-None-Match"),
                    first.apply("Via") == null ? List.of() : all.apply("Via"));
        }
    }

    boolean isHead() {
        return method.equals("HEAD");
    }
}
