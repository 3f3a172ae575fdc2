package io.ociregistry.upstream;

import java.util.Arrays;
import java.util.Optional;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpResponse;

/**
 * The {@code Link} (RFC 8288) to the next page of a list.
 *
 * <p>Of its target the query alone counts. The list is the same, so its path is too, and registries behind proxies name hosts and paths that
 * only they know; and so no link can make us ask anybody else.
 */
final class NextLink {
    private NextLink() {}

    /**
     * The query of the next page, as it was sent; empty if this page is the last one.
     *
     * @throws IllegalArgumentException if there is a next page, but no query that asks for it
     */
    static Optional<String> query(HttpResponse response) {
        return Arrays.stream(response.getHeaders("Link"))
                .map(Header::getValue)
                // What stands between < and > has no < itself.
                .flatMap(header -> Arrays.stream(header.split(",(?=\\s*<)")))
                .map(String::strip)
                .filter(NextLink::isNext)
                .map(NextLink::queryOf)
                .findFirst();
    }

    private static boolean isNext(String link) {
        int end = link.indexOf('>');
        return link.startsWith("<")
                && Arrays.stream(link.substring(end + 1).split(";"))
                        .map(parameter -> parameter.split("=", 2))
                        .filter(parts -> parts.length == 2 && parts[0].strip().equalsIgnoreCase("rel"))
                        .flatMap(parts ->
                                Arrays.stream(parts[1].replace('"', ' ').split(" ")))
                        .anyMatch(relation -> relation.equalsIgnoreCase("next"));
    }

    private static String queryOf(String link) {
        String query =
                Origin.parse(link.substring(1, link.indexOf('>')).strip()).getRawQuery();
        if (query == null || query.isEmpty()) {
            throw new IllegalArgumentException("it has no query");
        }
        return query;
    }
}
