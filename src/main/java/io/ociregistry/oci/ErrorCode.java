package io.ociregistry.oci;

/**
 * What went wrong, by meaning: the HTTP status a client gets and the code in the body's OCI error list.
 *
 * <p>The wire codes are those of the distribution specification ("Error Codes"); for what it does not foresee, those that distribution
 * sends ({@code UNAVAILABLE}, {@code UNKNOWN}).
 */
public enum ErrorCode {
    /** No such blob, here or upstream. */
    BLOB_UNKNOWN(404, "BLOB_UNKNOWN"),
    /** No such manifest, here or upstream; also the answer to a reference that can't be a tag. */
    MANIFEST_UNKNOWN(404, "MANIFEST_UNKNOWN"),
    /** No such repository; also the answer to a name that can't be one, and where no upstream can be derived. */
    NAME_UNKNOWN(404, "NAME_UNKNOWN"),
    /** No such path under this server. */
    PATH_UNKNOWN(404, "UNSUPPORTED"),
    /** The digest is malformed or of an unknown algorithm. */
    DIGEST_INVALID(400, "DIGEST_INVALID"),
    /** The request is malformed in another way. */
    REQUEST_INVALID(400, "UNSUPPORTED"),
    /** The client has to log in here first. */
    UNAUTHORIZED(401, "UNAUTHORIZED"),
    /** We may not ask that upstream, or it refused us. */
    DENIED(403, "DENIED"),
    /** No requested range is within the content. */
    RANGE_NOT_SATISFIABLE(416, "UNSUPPORTED"),
    /** A method that a pull-only server has not. */
    UNSUPPORTED(405, "UNSUPPORTED"),
    /** The upstream limits us and nothing is cached. */
    TOO_MANY_REQUESTS(429, "TOOMANYREQUESTS"),
    /** The upstream answered, but with an error or with something that can't be right. */
    UPSTREAM_BAD_ANSWER(502, "UNKNOWN"),
    /** The upstream sent something else than what was asked for. */
    UPSTREAM_WRONG_CONTENT(502, "UNKNOWN"),
    /** The upstream can't be reached: name resolution, connection or TLS failed. */
    UPSTREAM_UNREACHABLE(503, "UNAVAILABLE"),
    /** This server is stopping or has too much to do. */
    OVERLOADED(503, "UNAVAILABLE"),
    /** Our disk does not take or give what it should. */
    STORE_FAILED(503, "UNAVAILABLE"),
    /** The upstream did not answer in time. */
    UPSTREAM_TIMEOUT(504, "UNAVAILABLE"),
    /** The request came through this server before, or through too many (RFC 5842, 7.2). */
    LOOP(508, "UNAVAILABLE"),
    /** A fault of ours. */
    INTERNAL(500, "UNKNOWN");

    private final int status;
    private final String wireCode;

    ErrorCode(int status, String wireCode) {
        this.status = status;
        this.wireCode = wireCode;
    }

    /** The HTTP status. */
    public int status() {
        return status;
    }

    /** The {@code code} of the OCI error list. */
    public String wireCode() {
        return wireCode;
    }

    /** True for an upstream that failed, as opposed to one that answered with a definite no. */
    public boolean isUpstreamFailure() {
        return this == UPSTREAM_BAD_ANSWER || this == UPSTREAM_UNREACHABLE || this == UPSTREAM_TIMEOUT;
    }
}
