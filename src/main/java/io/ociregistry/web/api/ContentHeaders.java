package io.ociregistry.web.api;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

/** Sets the headers that manifests and blobs have in common, and answers conditional requests. */
public final class ContentHeaders {
    private ContentHeaders() {}

    /**
     * Sets the headers of content with the given digest.
     *
     * @return false if the client has the content already; the answer is then 304 without a body
     */
    public static boolean set(HttpServletRequest request, HttpServletResponse response, MediaType type, Digest digest) {
        response.setHeader("Docker-Content-Digest", digest.toString());
        response.setHeader("ETag", entityTag(digest));
        if (isNotModified(request, digest)) {
            response.setStatus(HttpServletResponse.SC_NOT_MODIFIED);
            return false;
        }
        // Not setContentType: containers may add a charset, and some clients compare the whole value.
        response.setHeader("Content-Type", type.value());
        return true;
    }

    /** Returns the strong entity tag of content with the given digest. */
    public static String entityTag(Digest digest) {
        return "\"" + digest + "\"";
    }

    /** Compares {@code If-None-Match}, which may be a list and is compared weakly (RFC 9110 section 13.1.2). */
    private static boolean isNotModified(HttpServletRequest request, Digest digest) {
        String condition = request.getHeader("If-None-Match");
        return condition != null && (condition.strip().equals("*") || condition.contains(entityTag(digest)));
    }
}
