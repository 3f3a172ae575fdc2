package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Operator;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Timeout;

/** The common base of the parts of the contract. */
@Timeout(60)
abstract class Topic {
    private static final AtomicLong SEEDS = new AtomicLong();

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private Stage stage;

    /** Sets the server and the upstreams of the tests. */
    final void stage(Stage given) {
        stage = given;
    }

    final Stage stage() {
        return stage;
    }

    Response get(String pathAndQuery, String... headers) throws IOException {
        return RawHttp.get(stage().base(), pathAndQuery, headers);
    }

    Response head(String pathAndQuery, String... headers) throws IOException {
        return RawHttp.head(stage().base(), pathAndQuery, headers);
    }

    /** Returns an operator of the server, with the admin token. */
    Operator operator() throws IOException {
        return Operator.of(stage().base(), stage().imagePath());
    }

    RawHttp connect() throws IOException {
        return RawHttp.connect(stage().base());
    }

    String unique() {
        return stage().unique();
    }

    FakeUpstream hub() {
        return stage().hub();
    }

    /**
     * Pushes an image with tag 1 and two layers of 100,000 and 50 bytes. Its content is unique, because the server
     * shares cached content between tests.
     */
    static FakeImage push(FakeUpstream upstream, String repository) {
        return upstream.image(repository, "1")
                .seed(seed())
                .layer(100_000)
                .layer(50)
                .push();
    }

    /** Returns a seed that makes the bytes of an image unique. */
    static long seed() {
        return SEEDS.incrementAndGet();
    }

    static String blobPath(String repository, Digest digest, String registry) {
        return "/v2/" + repository + "/blobs/" + digest + "?ns=" + registry;
    }

    static String manifestPath(String repository, String reference, String registry) {
        return "/v2/" + repository + "/manifests/" + reference + "?ns=" + registry;
    }

    static String etag(Object digest) {
        return "\"" + digest + "\"";
    }

    static void assertHeader(String value, Response response, String name) {
        assertEquals(value, response.header(name), () -> name + " of " + response);
    }

    /** Asserts that an answer to GET is exactly an error of the distribution specification. */
    static void assertError(int status, String code, Response response) throws IOException {
        assertEquals(status, response.status(), response::toString);
        assertHeader("application/json", response, "Content-Type");
        JsonNode body = JSON.readTree(response.body());
        assertTrue(response.complete());
        assertEquals(1, body.size(), () -> "a member besides \"errors\" in " + body);
        assertEquals(1, body.path("errors").size(), body::toString);
        JsonNode error = body.path("errors").path(0);
        assertEquals(code, error.path("code").textValue(), body::toString);
        assertTrue(error.path("message").isTextual(), body::toString);
        assertTrue(!error.has("detail") || error.path("detail").isTextual(), body::toString);
    }

    static String message(Response response) throws IOException {
        return JSON.readTree(response.body())
                .path("errors")
                .path(0)
                .path("message")
                .asText();
    }

    /** Asserts that no stored file is named by the digest; active downloads are ignored. */
    void assertNotStored(Digest digest) {
        for (String directory : new String[] {"blobs", "img", "fat"}) {
            assertTrue(
                    Files.notExists(stage().imagePath().resolve(directory).resolve(digest.hex())),
                    () -> directory + " has " + digest);
        }
    }
}
