package io.ociregistry.web.http;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

/** The headers that manifests and blobs have in common, and the requests that need no more than those. */
public final class ContentHeaders {
    private ContentHeaders() {}

    /**
     * Sets the headers of some content.
     *
     * @return false if the client has it already: the answer then is 304 and has no body
     */
    public static boolean set(HttpServletRequest request, HttpServletResponse response, MediaType type, Digest digest) {
        response.setHeader("Docker-Content-Digest", digest.toString());
        response.setHeader("ETag", entityTag(digest));
        if (isHeld(request, digest)) {
            response.setStatus(HttpServletResponse.SC_NOT_MODIFIED);
            return false;
        }
        // Not setContentType: some clients compare it as a whole, and containers like to add a charset.
        response.setHeader("Content-Type", type.value());
        return true;
    }

    /** The strong entity tag of content with that digest. */
    public static String entityTag(Digest digest) {
        return "\"" + digest + "\"";
    }

    /** RFC 9110 section 13.1.2: the comparison is weak, and a list is allowed. */
    private static boolean isHeld(HttpServletRequest request, Digest digest) {
        String held = request.getHeader("If-None-Match");
        return held != null && (held.strip().equals("*") || held.contains(entityTag(digest)));
    }
}
