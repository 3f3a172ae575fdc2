package io.ociregistry.upstream.http;

import io.ociregistry.upstream.address.Origin;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.apache.hc.core5.http.HttpResponse;

/**
 * The {@code Link} header (RFC 8288) to the next page of a list.
 *
 * <p>Only the query of its target is used. The path of the list does not change, and registries behind proxies send
 * internal hosts and paths. In this way, no link can direct a request to another host.
 */
final class NextLink {
    /** A target, the end of the target, and parameters, whose quoted values may contain any character. */
    private static final Pattern LINK =
            Pattern.compile("<([^>]*+)(>?)((?:[^,\"]++|\"(?:[^\"\\\\]++|\\\\.)*+\"?)*+)", Pattern.DOTALL);

    private static final Pattern PARAMETER = Pattern.compile(
            ";\\s*+([^\\s=;\"]++)\\s*+(?:=\\s*+(\"(?:[^\"\\\\]++|\\\\.)*+\"?|[^;\"]*+))?", Pattern.DOTALL);

    private NextLink() {}

    /**
     * Returns the query of the next page as received; empty if this page is the last one.
     *
     * @throws IllegalArgumentException if the link to the next page has no query, or if a link has no end, because it
     *     might be that link
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
            throw new IllegalArgumentException("a link has no closing >");
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
