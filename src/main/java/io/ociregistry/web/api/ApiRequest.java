package io.ociregistry.web.api;

import io.ociregistry.metrics.HttpMetrics;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.list.ListPage;
import io.ociregistry.registry.policy.RegistryNames;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A parsed request under {@code /v2/}. An instance is valid: names, tags and digests follow their grammars, and the
 * registry is known.
 *
 * <p>Paths are parsed from the right, because a repository name has any number of components and may itself contain
 * {@code manifests} or {@code blobs}. Each {@code parse} expects a path of its {@link Kind}, and throws a
 * {@link RegistryException} if the name, the reference or a parameter is not valid, or the registry is not known; no
 * upstream is asked before.
 */
public sealed interface ApiRequest {
    /** Returns the repository that the request is about; null for {@code /v2/}. */
    default @Nullable Repository repository() {
        return null;
    }

    /** The endpoint that a path belongs to. */
    enum Kind {
        PING,
        MANIFEST,
        BLOB,
        TAGS,
        REFERRERS,
        UNKNOWN;

        /**
         * Returns the endpoint of a path. Allocates nothing.
         *
         * @param path the path below the web application, percent-encoded
         */
        public static Kind of(String path) {
            int start = path.indexOf('/', 1);
            if (start < 0 || start + 1 == path.length()) {
                return PING;
            }
            int last = path.lastIndexOf('/');
            int kind = path.lastIndexOf('/', last - 1);
            if (kind <= start || last + 1 == path.length()) {
                return UNKNOWN;
            }
            if (isComponent(path, kind, last, "manifests")) {
                return MANIFEST;
            }
            if (isComponent(path, kind, last, "blobs")) {
                return BLOB;
            }
            if (isComponent(path, kind, last, "referrers")) {
                return REFERRERS;
            }
            return isComponent(path, kind, last, "tags") && path.endsWith("/list") ? TAGS : UNKNOWN;
        }

        /** Returns the kind in the metrics. */
        public HttpMetrics.Kind metric() {
            return switch (this) {
                case PING -> HttpMetrics.Kind.BASE;
                case MANIFEST -> HttpMetrics.Kind.MANIFEST;
                case BLOB -> HttpMetrics.Kind.BLOB;
                case TAGS -> HttpMetrics.Kind.TAGS;
                case REFERRERS -> HttpMetrics.Kind.REFERRERS;
                case UNKNOWN -> HttpMetrics.Kind.OTHER;
            };
        }

        private static boolean isComponent(String path, int slash, int end, String name) {
            return end - slash - 1 == name.length() && path.startsWith(name, slash + 1);
        }
    }

    /** {@code /v2/}: asks whether this server implements the API. */
    record PingRequest() implements ApiRequest {
        /** Refuses a path of the kind {@code UNKNOWN} too. */
        public static PingRequest parse(RequestHead head, RegistryNames names) {
            if (Kind.of(head.path()) == Kind.PING) {
                return new PingRequest();
            }
            throw new RegistryException(
                    ErrorCode.PATH_UNKNOWN,
                    "this pull-only registry has no such path; it has /v2/, and manifests, blobs, tags and referrers"
                            + " of a repository");
        }
    }

    /** {@code /v2/<name>/manifests/<reference>}. */
    record ManifestRequest(ImageReference name) implements ApiRequest {
        @Override
        public Repository repository() {
            return name.repository();
        }

        public static ManifestRequest parse(RequestHead head, RegistryNames names) {
            return new ManifestRequest(new ImageReference(repositoryOf(head, names), Reference.parse(lastOf(head))));
        }
    }

    /** {@code /v2/<name>/blobs/<digest>}. */
    record BlobRequest(Repository repository, Digest digest) implements ApiRequest {
        public static BlobRequest parse(RequestHead head, RegistryNames names) {
            return new BlobRequest(repositoryOf(head, names), Digest.parse(lastOf(head)));
        }
    }

    /**
     * {@code /v2/<name>/tags/list}.
     *
     * @param name the name of the repository as the client wrote it
     */
    record TagsRequest(Repository repository, String name, ListPage page) implements ApiRequest {
        public static TagsRequest parse(RequestHead head, RegistryNames names) {
            return new TagsRequest(repositoryOf(head, names), nameOf(head), PageQuery.of(head.query()));
        }
    }

    /**
     * {@code /v2/<name>/referrers/<digest>}.
     *
     * @param artifactTypes the artifact types to list; all if empty
     */
    record ReferrersRequest(Repository repository, Digest subject, List<String> artifactTypes, ListPage page)
            implements ApiRequest {
        public static ReferrersRequest parse(RequestHead head, RegistryNames names) {
            List<String> types = head.query().values("artifactType").stream()
                    .filter(type -> !type.isEmpty())
                    .toList();
            return new ReferrersRequest(
                    repositoryOf(head, names), Digest.parse(lastOf(head)), types, PageQuery.of(head.query()));
        }
    }

    private static Repository repositoryOf(RequestHead head, RegistryNames names) {
        Optional<String> explicit = Optional.ofNullable(head.headers().registry())
                .or(() -> head.query().first("ns"));
        return names.resolve(explicit, nameOf(head));
    }

    private static String nameOf(RequestHead head) {
        String path = head.path();
        int end = path.lastIndexOf('/', path.lastIndexOf('/') - 1);
        return decoded(path.substring(path.indexOf('/', 1) + 1, end));
    }

    private static String lastOf(RequestHead head) {
        return decoded(head.path().substring(head.path().lastIndexOf('/') + 1));
    }

    /**
     * Decodes the colon of digests and ports and the brackets of IPv6 addresses, each once. No name has other
     * characters that clients encode.
     */
    private static String decoded(String text) {
        return text.indexOf('%') < 0
                ? text
                : text.replace("%3A", ":")
                        .replace("%3a", ":")
                        .replace("%5B", "[")
                        .replace("%5b", "[")
                        .replace("%5D", "]")
                        .replace("%5d", "]");
    }
}
