package io.ociregistry.registry.list;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The part of a list that a client asks for.
 *
 * @param size {@code n}; the largest number of entries
 * @param last {@code last}; the tag after which the page begins, empty for the beginning of the list
 * @param next the query by which the upstream continues its list, as its own link says; empty if the page does not continue one
 */
public record ListPage(int size, String last, Optional<String> next) {
    public static final ListPage ALL = new ListPage(Integer.MAX_VALUE, "", Optional.empty());

    /** ECR refuses more. */
    static final int MOST = 1000;

    /** Longer queries fit in no header of an answer: encoded they are up to three times as long, and Tomcat sends 8 KiB. */
    private static final int LONGEST_NEXT = 1500;

    /** False for a page that has to end somewhere. */
    boolean isAll() {
        return size == Integer.MAX_VALUE && next.isEmpty();
    }

    /** True if the page begins where the list does. */
    boolean isFirst() {
        return last.isEmpty() && next.isEmpty();
    }

    /** The query that asks an upstream for this page. */
    String upstreamQuery() {
        return next.orElseGet(() -> "n=" + Math.max(1, Math.min(size, MOST)) + behind());
    }

    /** The page that follows this one after a tag. */
    ListPage after(String tag) {
        return new ListPage(size, tag, Optional.empty());
    }

    /** The page that follows this one where the upstream says; empty if no link can hold what it says. */
    Optional<ListPage> continued(String tag, String query) {
        return Optional.of(new ListPage(Math.min(size, MOST), tag, Optional.of(query)))
                .filter(page -> query.length() <= LONGEST_NEXT);
    }

    /** The query of the link to this page. */
    public String query() {
        return "n=" + size
                + behind()
                + next.map(query -> "&next=" + encoded(query)).orElse("");
    }

    private String behind() {
        return last.isEmpty() ? "" : "&last=" + encoded(last);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
