package io.ociregistry.web;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.list.ListPage;
import io.ociregistry.registry.policy.RegistryNames;
import io.ociregistry.web.http.PageQuery;
import io.ociregistry.web.http.Query;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A request under {@code /v2/}, parsed. What exists is valid: names, tags and digests follow their grammars, and the registry is known.
 *
 * <p>Paths are read from the right, since a name has any number of components and may itself contain {@code manifests} or {@code blobs}.
 */
sealed interface ApiRequest {
    /** {@code /v2/}: does this server speak the protocol? */
    record Ping() implements ApiRequest {}

    /** {@code /v2/<name>/manifests/<reference>}. */
    record ManifestRequest(ImageReference name) implements ApiRequest {}

    /** {@code /v2/<name>/blobs/<digest>}. */
    record BlobRequest(Repository repository, Digest digest) implements ApiRequest {}

    /**
     * {@code /v2/<name>/tags/list}.
     *
     * @param name the client's for the repository
     */
    record TagsRequest(Repository repository, String name, ListPage page) implements ApiRequest {}

    /**
     * {@code /v2/<name>/referrers/<digest>}.
     *
     * @param artifactTypes only referrers of one of these are wanted; all if there are none
     */
    record ReferrersRequest(Repository repository, Digest subject, List<String> artifactTypes, ListPage page)
            implements ApiRequest {}

    /** Leaves it for the servlet that answers it. */
    default void keepIn(HttpServletRequest request) {
        request.setAttribute(ApiRequest.class.getName(), this);
    }

    /** What {@link #keepIn} left. */
    static <T extends ApiRequest> T of(HttpServletRequest request, Class<T> kind) {
        return kind.cast(Objects.requireNonNull(request.getAttribute(ApiRequest.class.getName())));
    }

    /**
     * Parses a request.
     *
     * @throws RegistryException by meaning; nothing was asked of anybody then
     */
    static ApiRequest parse(HttpServletRequest request, RegistryNames names) {
        List<String> path = components(request);
        int size = path.size();
        if (size == 1 || (size == 2 && path.get(1).isEmpty())) {
            return new Ping();
        }
        String kind = size < 4 ? "" : path.get(size - 2);
        String last = path.get(size - 1);
        if (kind.equals("manifests") && !last.isEmpty()) {
            return new ManifestRequest(new ImageReference(repository(request, names, path), Reference.parse(last)));
        }
        if (kind.equals("blobs") && !last.isEmpty()) {
            return new BlobRequest(repository(request, names, path), Digest.parse(last));
        }
        if (kind.equals("tags") && last.equals("list")) {
            return new TagsRequest(repository(request, names, path), name(path), PageQuery.of(Query.of(request)));
        }
        if (kind.equals("referrers") && !last.isEmpty()) {
            List<String> types = Query.of(request).all("artifactType").stream()
                    .filter(type -> !type.isEmpty())
                    .toList();
            return new ReferrersRequest(
                    repository(request, names, path), Digest.parse(last), types, PageQuery.of(Query.of(request)));
        }
        throw new RegistryException(
                ErrorCode.PATH_UNKNOWN,
                "no such path in a pull-only registry; it has /v2/, manifests, blobs, tags and referrers by name");
    }

    private static Repository repository(HttpServletRequest request, RegistryNames names, List<String> path) {
        Optional<String> explicit = Optional.ofNullable(request.getHeader("X-Registry"))
                .or(() -> Query.of(request).first("ns"));
        return names.resolve(explicit, name(path));
    }

    /** The repository's name as the client wrote it. */
    private static String name(List<String> path) {
        return String.join("/", path.subList(1, path.size() - 2));
    }

    /** The components of the path below the web application, "v2" first, each decoded once. */
    private static List<String> components(HttpServletRequest request) {
        String path = request.getRequestURI().substring(request.getContextPath().length() + 1);
        List<String> components = new ArrayList<>();
        for (String component : path.split("/", -1)) {
            components.add(decoded(component));
        }
        return components;
    }

    /**
     * The colon of digests and ports and the brackets of IPv6 addresses: other characters that clients encode are in no
     * name.
     */
    private static String decoded(String component) {
        return component
                .replace("%3A", ":")
                .replace("%3a", ":")
                .replace("%5B", "[")
                .replace("%5b", "[")
                .replace("%5D", "]")
                .replace("%5d", "]");
    }
}
