package io.ociregistry.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests that the fake upstream without faults is a correct registry. */
@Timeout(30)
class FakeUpstreamTest {
    private final FakeUpstream up = FakeUpstream.start();
    private final URI base = URI.create(up.url());
    private final FakeImage image = up.image("a/b", "1").layer(1000).push();
    private final String manifest = "/v2/a/b/manifests/1";
    private final String blob = "/v2/a/b/blobs/" + image.layer(0);

    @AfterEach
    void stop() {
        up.close();
    }

    @Test
    void manifestIsFoundByTagAndEitherDigest() throws IOException {
        for (String reference :
                List.of("1", image.digest().toString(), image.sha512().toString())) {
            try (RawHttp http = RawHttp.connect(base)) {
                Response answer = http.send("GET", "/v2/a/b/manifests/" + reference);
                assertEquals(200, answer.status());
                assertEquals(MediaType.OCI_MANIFEST.value(), answer.header("Content-Type"));
                assertEquals(
                        reference.equals("1") ? image.digest().toString() : reference,
                        answer.header("Docker-Content-Digest"));
                assertArrayEquals(image.manifest(), answer.body());
            }
        }
    }

    @Test
    void headMatchesGetWithoutBodyAndKeepsConnection() throws IOException {
        try (RawHttp http = RawHttp.connect(base)) {
            Response head = http.send("HEAD", manifest);
            Response get = http.send("GET", manifest);
            assertEquals(get.headers(), head.headers());
            assertArrayEquals(image.manifest(), get.body());
        }
        assertEquals(1, up.connections());
        assertEquals(
                List.of("HEAD", "GET"),
                up.requestsTo("/v2/a/b").stream().map(Recorded::method).toList());
    }

    @Test
    void missingContentReturns404() throws IOException {
        assertEquals(404, RawHttp.get(base, "/v2/a/b/manifests/2").status());
        assertEquals(404, RawHttp.get(base, "/v2/c/manifests/1").status());
        assertEquals(404, RawHttp.get(base, "/v2/c/blobs/" + image.layer(0)).status());
        assertEquals(404, RawHttp.get(base, "/v2/_catalog").status());
    }

    @Test
    void rangesMatchRequest() throws IOException {
        assertRange("bytes=0-0", "bytes 0-0/1000", 1);
        assertRange("bytes=990-", "bytes 990-999/1000", 10);
        assertRange("bytes=990-5000", "bytes 990-999/1000", 10);
        assertRange("bytes=-7", "bytes 993-999/1000", 7);
        Response beyond = RawHttp.get(base, blob, "Range: bytes=1000-");
        assertEquals(416, beyond.status());
        assertEquals("bytes */1000", beyond.header("Content-Range"));
    }

    private void assertRange(String range, String contentRange, int length) throws IOException {
        try (RawHttp http = RawHttp.connect(base)) {
            Response part = http.send("GET", blob, "Range: " + range);
            assertEquals(206, part.status());
            assertEquals(contentRange, part.header("Content-Range"));
            assertEquals(length, part.body().length);
        }
    }

    @Test
    void tagsAreListedInPages() throws IOException {
        up.tag("a/b", "2", image.digest());
        up.tag("a/b", "3", image.digest());
        assertEquals("{\"name\":\"a/b\",\"tags\":[\"1\",\"2\",\"3\"]}", text("/v2/a/b/tags/list"));
        assertEquals("{\"name\":\"a/b\",\"tags\":[\"2\"]}", text("/v2/a/b/tags/list?n=1&last=1"));
        assertEquals(
                "</v2/a/b/tags/list?n=1&last=2>; rel=\"next\"",
                RawHttp.get(base, "/v2/a/b/tags/list?n=1&last=1").header("Link"));
    }

    @Test
    void referrersAreListedForSubject() throws IOException {
        FakeImage signature =
                up.image("a/b").subject(image, "application/x-signature").push();
        String listed = text("/v2/a/b/referrers/" + image.digest());
        assertTrue(listed.contains(signature.digest().toString()), listed);
    }

    @Test
    void indexListsItsImages() throws IOException {
        FakeImage arm = up.image("a/b").architecture("arm64").layer(9).push();
        FakeIndex index = up.index("a/b", "multi", image, arm);
        String text = text("/v2/a/b/manifests/multi");
        assertEquals(new String(index.bytes(), StandardCharsets.UTF_8), text);
        assertTrue(text.contains(arm.digest().toString()), text);
    }

    @Test
    void manifestCanHaveAnySize() {
        FakeImage big = up.image("a/b", "big").manifestSize(26 * 1024).push();
        assertEquals(26 * 1024, big.manifest().length);
        assertEquals(Digest.of(big.manifest()), big.digest());
    }

    @Test
    void basicAuthRequiresPassword() throws IOException {
        up.requireBasic("user", "pw");
        assertEquals("Basic realm=\"fake\"", RawHttp.get(base, manifest).header("WWW-Authenticate"));
        assertEquals(200, RawHttp.get(base, manifest, basic("user:pw")).status());
        assertEquals(401, RawHttp.get(base, manifest, basic("user:no")).status());
    }

    @Test
    void bearerAuthRequiresTokenForRepository() throws IOException {
        up.requireBearer("user", "pw");
        assertEquals(
                "Bearer realm=\"" + up.url() + "/token\",service=\"fake\",scope=\"repository:a/b:pull\"",
                RawHttp.get(base, manifest).header("WWW-Authenticate"));
        assertEquals(401, RawHttp.get(base, "/token?scope=repository:a/b:pull").status());
        String token = token(base, "repository%3Aa%2Fb%3Apull", basic("user:pw"));
        assertEquals(
                200,
                RawHttp.get(base, manifest, "Authorization: Bearer " + token).status());
        assertEquals(
                401,
                RawHttp.get(base, "/v2/c/manifests/1", "Authorization: Bearer " + token)
                        .status());
        up.on(Match.manifest("1")).once(new Fault.ExpiredToken());
        assertEquals(
                401,
                RawHttp.get(base, manifest, "Authorization: Bearer " + token).status());
        assertEquals(
                401,
                RawHttp.get(base, manifest, "Authorization: Bearer " + token).status());
    }

    @Test
    void tokensCanComeFromAnotherServer() throws IOException {
        try (FakeUpstream realm = FakeUpstream.start()) {
            up.requireAnonymousBearer().tokensFrom(realm);
            String token = token(URI.create(realm.url()), "repository:a/b:pull");
            assertEquals(
                    200,
                    RawHttp.get(base, manifest, "Authorization: Bearer " + token)
                            .status());
            assertEquals(1, realm.requests(Match.of(Recorded.Kind.TOKEN)).size());
        }
    }

    @Test
    void blobsCanComeFromStorageThatRefusesCredentials() throws IOException {
        try (FakeUpstream cdn = FakeUpstream.start()) {
            up.redirectBlobsTo(cdn);
            Response redirect = RawHttp.get(base, blob);
            assertEquals(307, redirect.status());
            String path = redirect.header("Location").substring(cdn.url().length());
            URI there = URI.create(cdn.url());
            assertEquals(206, RawHttp.get(there, path, "Range: bytes=5-").status());
            assertEquals(
                    400, RawHttp.get(there, path, "Authorization: Bearer x").status());
            cdn.on(Match.blob(image.layer(0))).once(Fault.status(403));
            assertEquals(403, RawHttp.get(there, path).status());
        }
    }

    @Test
    void upstreamServesTls() throws IOException {
        TestCertificates authority = TestCertificates.create();
        try (FakeUpstream secure = FakeUpstream.startTls(authority.server())) {
            URI https = URI.create(secure.url());
            try (RawHttp http = RawHttp.connectTls(https, authority.trusting())) {
                assertEquals(200, http.send("GET", "/v2/").status());
            }
            var stranger = TestCertificates.create().trusting();
            assertThrows(SSLHandshakeException.class, () -> RawHttp.connectTls(https, stranger)
                    .send("GET", "/v2/"));
        }
    }

    @Test
    void mutualTlsRequiresClientCertificate() throws IOException {
        TestCertificates authority = TestCertificates.create();
        try (FakeUpstream secure = FakeUpstream.startMutualTls(authority.server())) {
            URI https = URI.create(secure.url());
            try (RawHttp http =
                    RawHttp.connectTls(https, authority.client("somebody").sslContext())) {
                assertEquals(200, http.send("GET", "/v2/").status());
            }
            assertThrows(IOException.class, () -> RawHttp.connectTls(https, authority.trusting())
                    .send("GET", "/v2/"));
        }
        assertNull(up.requests().stream().findAny().orElse(null), "nothing of this went to the other one");
    }

    private String text(String path) throws IOException {
        try (RawHttp http = RawHttp.connect(base)) {
            return http.send("GET", path).text();
        }
    }

    private static String token(URI realm, String scope, String... headers) throws IOException {
        try (RawHttp http = RawHttp.connect(realm)) {
            String json = http.send("GET", "/token?service=fake&scope=" + scope, headers)
                    .text();
            return json.replaceAll(".*\"token\":\"([^\"]*)\".*", "$1");
        }
    }

    private static String basic(String userAndPassword) {
        byte[] bytes = userAndPassword.getBytes(StandardCharsets.UTF_8);
        return "Authorization: Basic " + Base64.getEncoder().encodeToString(bytes);
    }
}
