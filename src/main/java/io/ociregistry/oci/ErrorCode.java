package io.ociregistry.oci;

/**
 * A kind of error, with the HTTP status and the code in the OCI error list that a client gets for it.
 *
 * <p>The codes are those of the distribution specification ("Error Codes"). For an error that the specification does
 * not list, the code is the one that the CNCF distribution server sends ({@code UNAVAILABLE}, {@code UNKNOWN}).
 */
public enum ErrorCode {
    /** Neither the cache nor the upstream has the blob. */
    BLOB_UNKNOWN(404, "BLOB_UNKNOWN"),
    /** Neither the cache nor the upstream has the manifest, or the reference is not a valid tag. */
    MANIFEST_UNKNOWN(404, "MANIFEST_UNKNOWN"),
    /** The repository does not exist, its name is invalid, or no upstream can be derived from the request. */
    NAME_UNKNOWN(404, "NAME_UNKNOWN"),
    /** This server has no such path. */
    PATH_UNKNOWN(404, "UNSUPPORTED"),
    /** The digest is malformed or of an unknown algorithm. */
    DIGEST_INVALID(400, "DIGEST_INVALID"),
    /** The request is malformed in another way. */
    REQUEST_INVALID(400, "UNSUPPORTED"),
    /** The client must log in to this server. */
    UNAUTHORIZED(401, "UNAUTHORIZED"),
    /** This server may not ask the upstream, or the upstream refused this server. */
    DENIED(403, "DENIED"),
    /** The body of the request does not fit into this server. */
    TOO_LARGE(413, "UNSUPPORTED"),
    /** None of the requested ranges is within the content. */
    RANGE_NOT_SATISFIABLE(416, "UNSUPPORTED"),
    /** A pull-only server does not support the method. */
    UNSUPPORTED(405, "UNSUPPORTED"),
    /** The upstream limits the requests of this server, and the content is not cached. */
    TOO_MANY_REQUESTS(429, "TOOMANYREQUESTS"),
    /** The upstream answered with an error or with an invalid answer. */
    UPSTREAM_BAD_ANSWER(502, "UNKNOWN"),
    /** The upstream sent content with another digest or size than requested. */
    UPSTREAM_WRONG_CONTENT(502, "UNKNOWN"),
    /** The upstream cannot be reached: name resolution, connection or TLS failed. */
    UPSTREAM_UNREACHABLE(503, "UNAVAILABLE"),
    /** This server is stopping or overloaded. */
    OVERLOADED(503, "UNAVAILABLE"),
    /** A write to the disk of this server, or a read from it, failed. */
    STORE_FAILED(503, "UNAVAILABLE"),
    /** The upstream did not answer in time. */
    UPSTREAM_TIMEOUT(504, "UNAVAILABLE"),
    /** The request has passed through this server before, or through too many servers (RFC 5842, 7.2). */
    LOOP(508, "UNAVAILABLE"),
    /** This server has a bug. */
    INTERNAL(500, "UNKNOWN");

    private final int status;
    private final String wireCode;

    ErrorCode(int status, String wireCode) {
        this.status = status;
        this.wireCode = wireCode;
    }

    public int status() {
        return status;
    }

    /** The {@code code} of the OCI error list. */
    public String wireCode() {
        return wireCode;
    }

    /** True if the upstream failed; false if it gave a definite negative answer. */
    public boolean isUpstreamFailure() {
        return this == UPSTREAM_BAD_ANSWER || this == UPSTREAM_UNREACHABLE || this == UPSTREAM_TIMEOUT;
    }
}
