package io.ociregistry.web.api;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.list.ListPage;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Reads the page parameters of a list request (distribution specification, "Listing Tags"), and builds page links. */
final class PageQuery {
    /** Parameters of the request that the link to another page repeats. */
    private static final List<String> REPEATED = List.of("ns", "artifactType");

    private PageQuery() {}

    /**
     * Returns the page that a query requests.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if {@code n} is not a number, or {@code next} is not
     *     a query
     */
    static ListPage of(Query query) {
        return new ListPage(
                query.first("n").filter(n -> !n.isEmpty()).map(PageQuery::size).orElse(ListPage.ALL.size()),
                query.first("last").orElse(""),
                query.first("next").filter(next -> !next.isEmpty()).map(PageQuery::next));
    }

    /** Returns the value of {@code Link} to another page of the requested list; empty without another page. */
    static Optional<String> link(RequestHead head, Optional<ListPage> page) {
        Query query = head.query();
        StringBuilder repeated = new StringBuilder();
        for (String name : REPEATED) {
            query.values(name).forEach(value -> repeated.append('&')
                    .append(name)
                    .append('=')
                    .append(URLEncoder.encode(value, StandardCharsets.UTF_8)));
        }
        // A relative link by the path of this request, because clients refuse links to another host.
        return page.map(next -> "<" + head.context() + head.path() + "?" + next.query() + repeated + ">; rel=\"next\"");
    }

    private static int size(String n) {
        if (!n.matches("[0-9]+")) {
            throw invalid("the parameter n must be a number: the most entries to list");
        }
        return n.length() > 9 ? ListPage.ALL.size() : Integer.parseInt(n);
    }

    private static String next(String query) {
        try {
            if (query.equals(new URI("?" + query).getRawQuery())) {
                return query;
            }
        } catch (URISyntaxException e) {
            // Reported below.
        }
        throw invalid("the parameter next must be unchanged from a Link header of this server");
    }

    private static RegistryException invalid(String why) {
        return new RegistryException(ErrorCode.REQUEST_INVALID, why);
    }
}
