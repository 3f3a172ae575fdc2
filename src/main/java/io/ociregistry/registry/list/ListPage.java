package io.ociregistry.registry.list;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A page of a list, as a client requests it.
 *
 * @param size the limit of the number of entries ({@code n})
 * @param last the tag after which the page starts ({@code last}); empty for the start of the list
 * @param next the query of the upstream's own link to this page; empty if the page does not follow such a link
 */
public record ListPage(int size, String last, Optional<String> next) {
    public static final ListPage ALL = new ListPage(Integer.MAX_VALUE, "", Optional.empty());

    /** The largest {@code n} that ECR accepts. */
    static final int MAX_SIZE = 1000;

    /** Limit for the {@code Link} header: an encoded query is up to three times as long, and Tomcat sends 8 KiB. */
    private static final int MAX_NEXT_LENGTH = 1500;

    boolean isAll() {
        return size == Integer.MAX_VALUE && next.isEmpty();
    }

    boolean isFirst() {
        return last.isEmpty() && next.isEmpty();
    }

    /** Returns the query for this page to an upstream. */
    String upstreamQuery() {
        return next.orElseGet(() -> "n=" + Math.max(1, Math.min(size, MAX_SIZE)) + lastParameter());
    }

    ListPage after(String tag) {
        return new ListPage(size, tag, Optional.empty());
    }

    /** Returns the next page by the query of the upstream's link; empty if the query is too long for our link. */
    Optional<ListPage> continuedBy(String tag, String query) {
        return Optional.of(new ListPage(Math.min(size, MAX_SIZE), tag, Optional.of(query)))
                .filter(page -> query.length() <= MAX_NEXT_LENGTH);
    }

    /** Returns the query of this server's link to this page. */
    public String query() {
        return "n=" + size
                + lastParameter()
                + next.map(query -> "&next=" + encode(query)).orElse("");
    }

    private String lastParameter() {
        return last.isEmpty() ? "" : "&last=" + encode(last);
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
