package io.ociregistry.upstream.http;

import io.ociregistry.upstream.address.Origin;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.apache.hc.core5.http.HttpResponse;

/**
 * The {@code Link} (RFC 8288) to the next page of a list.
 *
 * <p>Of its target the query alone counts. The list is the same, so its path is too, and registries behind proxies name hosts and paths that
 * only they know; and so no link can make us ask anybody else.
 */
final class NextLink {
    /** A target, its end, and parameters, whose quoted values may hold anything. */
    private static final Pattern LINK =
            Pattern.compile("<([^>]*+)(>?)((?:[^,\"]++|\"(?:[^\"\\\\]++|\\\\.)*+\"?)*+)", Pattern.DOTALL);

    private static final Pattern PARAMETER = Pattern.compile(
            ";\\s*+([^\\s=;\"]++)\\s*+(?:=\\s*+(\"(?:[^\"\\\\]++|\\\\.)*+\"?|[^;\"]*+))?", Pattern.DOTALL);

    private NextLink() {}

    /**
     * The query of the next page, as it was sent; empty if this page is the last one.
     *
     * @throws IllegalArgumentException if there is a next page, but no query that asks for it, or if a link has no end, so that it may be one
     */
    static Optional<String> query(HttpResponse response) {
        return Arrays.stream(response.getHeaders("Link"))
                .flatMap(header -> LINK.matcher(header.getValue()).results())
                .filter(NextLink::isNext)
                .map(NextLink::queryOf)
                .findFirst();
    }

    private static boolean isNext(MatchResult link) {
        if (link.group(2).isEmpty()) {
            throw new IllegalArgumentException("a link has no >");
        }
        return PARAMETER
                .matcher(link.group(3))
                .results()
                .filter(parameter -> parameter.group(1).equalsIgnoreCase("rel") && parameter.group(2) != null)
                .flatMap(parameter -> Arrays.stream(
                        parameter.group(2).replace('"', ' ').strip().split("\\s+")))
                .anyMatch(relation -> relation.equalsIgnoreCase("next"));
    }

    private static String queryOf(MatchResult link) {
        String query = Origin.parse(link.group(1).strip()).getRawQuery();
        if (query == null || query.isEmpty()) {
            throw new IllegalArgumentException("it has no query");
        }
        return query;
    }
}
