package io.ociregistry.web.api;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/** The headers that manifests and blobs have in common, and conditional requests. */
final class ContentHeaders {
    private ContentHeaders() {}

    /** Returns new headers of content with the given digest, to which the caller may add. */
    static Map<String, String> of(Digest digest, MediaType type) {
        Map<String, String> headers = validators(digest);
        headers.put("Content-Type", type.value());
        return headers;
    }

    /** Returns the answer to a client that has the content already. */
    static Answer notModified(Digest digest) {
        return new Answer(304, validators(digest), new Body.None(OptionalLong.empty()));
    }

    /** Returns the strong entity tag of content with the given digest. */
    static String entityTag(Digest digest) {
        return "\"" + digest + "\"";
    }

    /** Compares {@code If-None-Match}, which may be a list and is compared weakly (RFC 9110 section 13.1.2). */
    static boolean isNotModified(RequestHead head, Digest digest) {
        String condition = head.headers().ifNoneMatch();
        return condition != null && (condition.strip().equals("*") || condition.contains(entityTag(digest)));
    }

    private static Map<String, String> validators(Digest digest) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Docker-Content-Digest", digest.toString());
        headers.put("ETag", entityTag(digest));
        return headers;
    }
}
