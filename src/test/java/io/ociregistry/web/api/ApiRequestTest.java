package io.ociregistry.web.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApiRequestTest {
    @ParameterizedTest
    @CsvSource({
        "/v2, PING",
        "/v2/, PING",
        "/v2/a/manifests/1, MANIFEST",
        "/v2/a/b/c/manifests/sha256%3Aabc, MANIFEST",
        "/v2/manifests/manifests/1, MANIFEST",
        "/v2/blobs/manifests/blobs/1, BLOB",
        "/v2//manifests/1, MANIFEST",
        "/v2/a/tags/list, TAGS",
        "/v2/tags/list/referrers/1, REFERRERS",
        "/v2/a/tags/other, UNKNOWN",
        "/v2/manifests/1, UNKNOWN",
        "/v2/a/manifests/, UNKNOWN",
        "/v2/a/manifests, UNKNOWN",
        "/v2/a/xmanifests/1, UNKNOWN",
        "/v2/_catalog, UNKNOWN",
        "/v2//, UNKNOWN",
    })
    void kindIsReadFromTheEndOfThePath(String path, ApiRequest.Kind kind) {
        assertEquals(kind, ApiRequest.Kind.of(path));
    }
}
