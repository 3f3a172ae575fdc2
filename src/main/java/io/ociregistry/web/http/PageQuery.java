package io.ociregistry.web.http;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.list.ListPage;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Which page of a list a request asks for (distribution specification, "Listing Tags"), and the link to another one. */
public final class PageQuery {
    /** What the links of a page keep of the query by which it was asked for. */
    private static final List<String> KEPT = List.of("ns", "artifactType");

    private PageQuery() {}

    /**
     * The page that a request asks for.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if {@code n} is no number, or {@code next} no query
     */
    public static ListPage of(Query query) {
        return new ListPage(
                query.first("n").filter(n -> !n.isEmpty()).map(PageQuery::size).orElse(ListPage.ALL.size()),
                query.first("last").orElse(""),
                query.first("next").filter(next -> !next.isEmpty()).map(PageQuery::next));
    }

    /** The {@code Link} to a page of the list that the request asks for. */
    public static Optional<String> link(HttpServletRequest request, Optional<ListPage> page) {
        Query query = Query.of(request);
        StringBuilder kept = new StringBuilder();
        for (String name : KEPT) {
            query.all(name).forEach(value -> kept.append('&')
                    .append(name)
                    .append('=')
                    .append(URLEncoder.encode(value, StandardCharsets.UTF_8)));
        }
        // Relative, and below whatever path this request came by: clients refuse links that lead to another host.
        return page.map(next -> "<" + request.getRequestURI() + "?" + next.query() + kept + ">; rel=\"next\"");
    }

    private static int size(String n) {
        if (!n.matches("[0-9]+")) {
            throw invalid("the parameter n is the number of entries to list, so it has to be a number");
        }
        return n.length() > 9 ? ListPage.ALL.size() : Integer.parseInt(n);
    }

    private static String next(String query) {
        try {
            if (query.equals(new URI("?" + query).getRawQuery())) {
                return query;
            }
        } catch (URISyntaxException e) {
            // That is what is asked here.
        }
        throw invalid("the parameter next has to be as it was in a Link of this server");
    }

    private static RegistryException invalid(String why) {
        return new RegistryException(ErrorCode.REQUEST_INVALID, why);
    }
}
