package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Invalid requests, which the server rejects without a request to the upstream. {@code NAME} stands for a unique name.
 */
abstract class RequestTopic extends Topic {
    private static final String HEX = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v2/NAME/App/manifests/1",
                "/v2/NAME/-a/manifests/1",
                "/v2/NAME/a-/manifests/1",
                "/v2/NAME/a..b/manifests/1",
                "/v2/NAME/a___b/manifests/1",
                "/v2/NAME/a_-b/manifests/1",
                "/v2/NAME/%C3%A9/manifests/1",
                "/v2/NAME/a%20b/manifests/1",
                "/v2/NAME/" + HEX + HEX + HEX + HEX + "/manifests/1"
            })
    void invalidNameIsUnknown(String path) throws IOException {
        assertCostsNothing(404, "NAME_UNKNOWN", path + "?ns=docker.io");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v2/NAME/manifests/.INVALID_MANIFEST_NAME",
                "/v2/NAME/manifests/-x",
                "/v2/NAME/manifests/a%20b",
                "/v2/NAME/manifests/a+b",
                "/v2/NAME/manifests/" + HEX + HEX + "0"
            })
    void invalidTagIsUnknown(String path) throws IOException {
        assertCostsNothing(404, "MANIFEST_UNKNOWN", path + "?ns=docker.io");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v2/NAME/manifests/sha256:baddigeststring",
                "/v2/NAME/manifests/sha256:" + HEX + "0",
                "/v2/NAME/manifests/sha512:" + HEX,
                "/v2/NAME/manifests/md5:0123456789abcdef0123456789abcdef",
                "/v2/NAME/manifests/SHA256:" + HEX,
                "/v2/NAME/blobs/sha256:totallywrong",
                "/v2/NAME/blobs/latest",
                "/v2/NAME/blobs/sha256:0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"
            })
    void invalidDigestIsRejected(String path) throws IOException {
        assertCostsNothing(400, "DIGEST_INVALID", path + "?ns=docker.io");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a%2Fb", "a/b", "..", "http:%2F%2Fx", "x:99999", "x:", "user@x.example", "a%20b", "-"})
    void invalidNamespaceIsUnknown(String ns) throws IOException {
        assertCostsNothing(404, "NAME_UNKNOWN", "/v2/NAME/app/manifests/1?ns=" + ns);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v2/NAME%2Fapp/manifests/1",
                "/v2/NAME/app/manifests/..%2f1",
                "/v2/NAME/%2e%2e/app/manifests/1",
                "/v2/NAME/../NAME/manifests/1",
                "/v2/NAME/./app/manifests/1",
                "/v2/NAME;x=y/app/manifests/1",
                "/v2/NAME/app/manifests/1;x=y",
                "/v2/NAME//app/manifests/1",
                "/v2/NAME/app%00/manifests/1",
                "/v2/NAME/app%5Cx/manifests/1"
            })
    void ambiguousPathNeverReachesUpstream(String path) throws IOException {
        String name = unique();
        hub().image(name, "1").push();
        Response answer = get(path.replace("NAME", name) + "?ns=docker.io");
        assertTrue(answer.status() >= 400 && answer.status() < 500, answer::toString);
        assertEquals(List.of(), stage().requestsWith(name));
    }

    @ParameterizedTest
    @CsvSource({
        "POST, /v2/",
        "PUT, /v2/",
        "DELETE, /v2/",
        "POST, /v2/NAME/app/blobs/uploads/",
        "PATCH, /v2/NAME/app/blobs/uploads/1",
        "PUT, /v2/NAME/app/blobs/uploads/1",
        "PUT, /v2/NAME/app/manifests/1",
        "DELETE, /v2/NAME/app/manifests/1",
        "DELETE, /v2/NAME/app/blobs/sha256:" + HEX,
        "OPTIONS, /v2/NAME/app/manifests/1",
        "POST, /v2/_catalog"
    })
    void pushAndDeleteAreRejected(String method, String path) throws IOException {
        String name = unique();
        try (var http = connect()) {
            Response refused =
                    http.sendWithBody("{}", method, path.replace("NAME", name) + "?ns=docker.io", "Content-Length: 2");
            assertHeader("GET, HEAD", refused, "Allow");
            assertError(405, "UNSUPPORTED", refused);
        }
        assertEquals(List.of(), stage().requestsWith(name));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v2/_catalog",
                "/v2/NAME/app/blobs/uploads/1",
                "/v2/NAME/app/blobs/uploads/",
                "/v2/NAME/app/_oci/ext/discover",
                "/v2/NAME/app",
                "/v2/NAME/app/",
                "/v2/NAME/app/manifests/",
                "/v2/manifests/NAME"
            })
    void unknownPathGetsOciError404(String path) throws IOException {
        String name = unique();
        Response answer = get(path.replace("NAME", name) + "?ns=docker.io");
        assertEquals(404, answer.status());
        assertHeader("application/json", answer, "Content-Type");
        assertTrue(answer.text().startsWith("{\"errors\":[{\"code\":\""), answer.text());
        assertEquals(List.of(), stage().requestsWith(name));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v2/NAME/A/manifests/1?ns=docker.io",
                "/v2/NAME/blobs/sha256:x?ns=docker.io",
                "/v2/_catalog",
                "/v2/NAME/manifests/1"
            })
    void errorOfHeadHasStatusOfGetAndNoBody(String path) throws IOException {
        String asked = path.replace("NAME", unique());
        // GET and HEAD use two connections, because Tomcat closes a connection after a 400.
        Response head = head(asked);
        assertEquals(get(asked).status(), head.status());
        assertHeader("application/json", head, "Content-Type");
    }

    @Test
    void onlyBadlyEncodedNamespaceIsBadRequest() throws IOException {
        assertCostsNothing(400, "UNSUPPORTED", "/v2/NAME/app/manifests/1?ns=%zz");
        FakeImage image = push(hub(), unique() + "/app");
        Response answer = get(manifestPath(image.repository(), "1", "docker.io") + "&x=%");
        assertArrayEquals(image.manifest(), answer.body());
    }

    private void assertCostsNothing(int status, String code, String path) throws IOException {
        String name = unique();
        assertError(status, code, get(path.replace("NAME", name)));
        assertEquals(List.of(), stage().requestsWith(name));
    }
}
