package io.ociregistry.web;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.list.ListPage;
import io.ociregistry.registry.policy.RegistryNames;
import io.ociregistry.web.api.PageQuery;
import io.ociregistry.web.api.Query;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A parsed request under {@code /v2/}. An instance is valid: names, tags and digests follow their grammars, and the
 * registry is known.
 *
 * <p>Paths are parsed from the right, because a repository name has any number of components and may itself contain
 * {@code manifests} or {@code blobs}.
 */
sealed interface ApiRequest {
    /** {@code /v2/}: asks whether this server implements the API. */
    record Ping() implements ApiRequest {}

    /** {@code /v2/<name>/manifests/<reference>}. */
    record ManifestRequest(ImageReference name) implements ApiRequest {}

    /** {@code /v2/<name>/blobs/<digest>}. */
    record BlobRequest(Repository repository, Digest digest) implements ApiRequest {}

    /**
     * {@code /v2/<name>/tags/list}.
     *
     * @param name the name of the repository as the client wrote it
     */
    record TagsRequest(Repository repository, String name, ListPage page) implements ApiRequest {}

    /**
     * {@code /v2/<name>/referrers/<digest>}.
     *
     * @param artifactTypes the artifact types to list; all if empty
     */
    record ReferrersRequest(Repository repository, Digest subject, List<String> artifactTypes, ListPage page)
            implements ApiRequest {}

    /** Attaches this to the request, for the servlet that answers it. */
    default void attachTo(HttpServletRequest request) {
        request.setAttribute(ApiRequest.class.getName(), this);
    }

    /** Returns the value that {@link #attachTo} attached. */
    static <T extends ApiRequest> T of(HttpServletRequest request, Class<T> kind) {
        return kind.cast(Objects.requireNonNull(request.getAttribute(ApiRequest.class.getName())));
    }

    /**
     * Parses a request.
     *
     * @throws RegistryException if the path, the name, the reference or a parameter is not valid, or the registry is
     *     not known; no upstream is asked before
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
            List<String> types = Query.of(request).values("artifactType").stream()
                    .filter(type -> !type.isEmpty())
                    .toList();
            return new ReferrersRequest(
                    repository(request, names, path), Digest.parse(last), types, PageQuery.of(Query.of(request)));
        }
        throw new RegistryException(
                ErrorCode.PATH_UNKNOWN,
                "this pull-only registry has no such path; it has /v2/, and manifests, blobs, tags and referrers of a"
                        + " repository");
    }

    private static Repository repository(HttpServletRequest request, RegistryNames names, List<String> path) {
        Optional<String> explicit = Optional.ofNullable(request.getHeader("X-Registry"))
                .or(() -> Query.of(request).first("ns"));
        return names.resolve(explicit, name(path));
    }

    private static String name(List<String> path) {
        return String.join("/", path.subList(1, path.size() - 2));
    }

    /** Returns the components of the path below the web application, "v2" first, each decoded once. */
    private static List<String> components(HttpServletRequest request) {
        String path = request.getRequestURI().substring(request.getContextPath().length() + 1);
        List<String> components = new ArrayList<>();
        for (String component : path.split("/", -1)) {
            components.add(decoded(component));
        }
        return components;
    }

    /**
     * Decodes the colon of digests and ports and the brackets of IPv6 addresses. No name has other characters that
     * clients encode.
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
