package io.ociregistry.web;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.TagList;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * The part of a list of tags that a client asks for (distribution specification, "Listing Tags").
 *
 * @param path that of the request, as it came
 * @param ns what it says is the registry
 * @param size {@code n}; how many tags at most
 * @param last only tags after that one
 */
record TagPage(String path, Optional<String> ns, int size, String last) {
    /**
     * What a request asks for.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if {@code n} is no number
     */
    static TagPage of(HttpServletRequest request) {
        Query query = Query.of(request);
        return new TagPage(
                request.getRequestURI(),
                query.first("ns"),
                query.first("n").filter(n -> !n.isEmpty()).map(TagPage::size).orElse(Integer.MAX_VALUE),
                query.first("last").orElse(""));
    }

    TagList of(TagList all) {
        List<String> rest = rest(all);
        return new TagList(rest.subList(0, Math.min(size, rest.size())));
    }

    /** The {@code Link} to the page after this one; empty if there is none. */
    Optional<String> next(TagList all) {
        List<String> rest = rest(all);
        if (size == 0 || rest.size() <= size) {
            return Optional.empty();
        }
        // Relative, and below whatever path this request came by: clients refuse links that lead to another host.
        String registry = ns.map(value -> "&ns=" + URLEncoder.encode(value, StandardCharsets.UTF_8))
                .orElse("");
        return Optional.of("<" + path + "?n=" + size + "&last=" + rest.get(size - 1) + registry + ">; rel=\"next\"");
    }

    private List<String> rest(TagList all) {
        return all.tags().stream().filter(tag -> tag.compareTo(last) > 0).toList();
    }

    private static int size(String n) {
        if (!n.matches("[0-9]+")) {
            throw new RegistryException(
                    ErrorCode.REQUEST_INVALID, "the parameter n says how many tags to list, so it has to be a number");
        }
        return n.length() > 9 ? Integer.MAX_VALUE : Integer.parseInt(n);
    }
}
