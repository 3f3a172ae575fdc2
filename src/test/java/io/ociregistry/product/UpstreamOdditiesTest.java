package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Pulls from registries that behave in ways that no specification describes, such as unusual redirects, encodings and
 * missing headers; the client gets the right bytes. Related tests: {@code RedirectTest} and {@code MisuseTest} for
 * abuse, {@code ReferrersTopic} and {@code TagsListTopic} for lists, {@code ManifestTopic} for media types.
 */
@Timeout(60)
class UpstreamOdditiesTest {
    private static final String TAG = "/v2/team/app/manifests/1?ns=r.example";

    @TempDir
    Path images;

    private final FakeUpstream up = FakeUpstream.start();
    private final FakeUpstream storage = FakeUpstream.start();
    private final FakeImage image = up.image("team/app", "1").layer(300_000).push();
    private RunningRegistry registry;

    @BeforeEach
    void start() throws Exception {
        registry = RunningRegistry.start(
                "prefetch: false\nregistries:\n- name: r.example\n  endpoint: " + up.url()
                        + "\n  tags: [{policy: always}]\n",
                images);
    }

    @AfterEach
    void stop() {
        registry.close();
        up.close();
        storage.close();
    }

    /** A behaviour of a registry that no specification describes. */
    record Oddity(String description, Match where, Fault fault) {
        @Override
        public String toString() {
            return description;
        }
    }

    static Stream<Oddity> oddities() {
        Match manifests = Match.manifests();
        Match blobs = Match.blobs();
        return Stream.of(
                new Oddity("a manifest comes without a digest", manifests, new Fault.NoDigestHeader()),
                new Oddity("a tag comes with a wrong digest", manifests.get(), new Fault.WrongDigestHeader()),
                new Oddity("a manifest comes without a length", manifests, new Fault.NoContentLength()),
                new Oddity("a manifest comes in chunks", manifests, new Fault.Chunked()),
                new Oddity("a manifest is called text", manifests, new Fault.WrongContentType("text/plain")),
                new Oddity("a manifest has no type", manifests, new Fault.WrongContentType("")),
                new Oddity("a manifest is encoded unasked", manifests.get(), new Fault.Gzip()),
                new Oddity("HEAD of a manifest is 405", manifests.head(), Fault.status(405)),
                new Oddity("HEAD of a manifest is 501", manifests.head(), Fault.status(501)),
                new Oddity("HEAD of a manifest gives another length", manifests.head(), new Fault.Padded(100)),
                new Oddity("a blob comes without a length", blobs, new Fault.NoContentLength()),
                new Oddity("a blob comes in chunks", blobs, new Fault.Chunked()),
                new Oddity("a blob is encoded unasked", blobs.get(), new Fault.Gzip()),
                new Oddity("HEAD of a blob is 405", blobs.head(), Fault.status(405)),
                new Oddity("HEAD of a blob gives another length", blobs.head(), new Fault.Padded(100)),
                new Oddity("a blob is called a page", blobs, new Fault.WrongContentType("text/html")));
    }

    @ParameterizedTest
    @MethodSource("oddities")
    void imageIsPulledAndRevalidatedDespiteOddity(Oddity odd) throws IOException {
        up.on(odd.where()).always(odd.fault());
        for (String method : List.of("HEAD", "GET", "GET", "HEAD")) {
            Response manifest = RawHttp.exchange(registry.base(), method, TAG);
            assertEquals(200, manifest.status(), manifest::toString);
            assertEquals(image.digest().toString(), manifest.header("Docker-Content-Digest"));
            assertEquals(image.mediaType().value(), manifest.header("Content-Type"));
            assertEquals(Integer.toString(image.manifest().length), manifest.header("Content-Length"));
            assertEquals(null, manifest.header("Warning"));
            assertArrayEquals(method.equals("GET") ? image.manifest() : new byte[0], manifest.body());
        }
        Response head = RawHttp.head(registry.base(), layer());
        assertEquals(200, head.status());
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        assertEquals("300000", RawHttp.head(registry.base(), layer()).header("Content-Length"));
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void redirectIsFollowedWithoutCredentials(int status) throws IOException {
        up.requireAnonymousBearer();
        up.redirectBlobsTo(storage);
        String location = storage.url() + "/storage/" + image.layer(0) + "?signature=1";
        up.on(Match.blobs())
                .always(Fault.status(status)
                        .header("Location", location)
                        .header("Set-Cookie", "session=1; Path=/; Domain=127.0.0.1"));
        get(TAG);
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        for (FakeUpstream server : List.of(up, storage)) {
            for (Recorded request : server.requests()) {
                assertEquals(Optional.empty(), request.header("Cookie"), request::toString);
                assertTrue(!request.query().contains("ns="), request::toString);
            }
        }
        assertEquals(Optional.empty(), storage.requests().get(0).header("Authorization"));
        assertEquals("GET", storage.requests().get(0).method());
    }

    @Test
    void atMostTenRedirectsAreFollowed() throws IOException {
        up.on(Match.manifests()).times(10, new Fault.RedirectLoop());
        assertArrayEquals(image.manifest(), get(TAG).body());
        up.image("team/other", "1").push();
        up.on(Match.manifests()).times(11, new Fault.RedirectLoop());
        assertEquals(502, get("/v2/team/other/manifests/1?ns=r.example").status());
    }

    @Test
    void resumedDownloadRequestsNewPresignedUrl() throws IOException {
        up.redirectBlobsTo(storage);
        storage.on(Match.blobs()).once(Fault.resetAfter(100_000));
        get(TAG);
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        assertEquals(
                List.of("signature=1", "signature=2"),
                storage.requests().stream().map(Recorded::query).toList());
        assertEquals(Optional.of("bytes=100000-"), storage.requests().get(1).header("Range"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void presignedUrlForGetOnlyGivesSizeByGet(boolean manifestKnown) throws IOException {
        up.redirectBlobsTo(storage);
        storage.on(Match.blobs().head()).always(Fault.status(403));
        if (manifestKnown) {
            get(TAG);
        }
        Response head = RawHttp.head(registry.base(), layer());
        assertEquals(200, head.status());
        assertEquals("300000", head.header("Content-Length"));
        assertEquals(
                List.of("HEAD", "GET"),
                storage.requests().stream().map(Recorded::method).toList());
        assertEquals(Optional.of("bytes=0-0"), storage.requests().get(1).header("Range"), "it is no download");
    }

    @Test
    void forbiddenHeadIsNotRetriedByGet() throws IOException {
        up.on(Match.blobs()).always(Fault.status(403));
        assertEquals(403, RawHttp.head(registry.base(), layer()).status());
        assertEquals(
                List.of("HEAD"),
                up.requests(Match.blobs()).stream().map(Recorded::method).toList());
    }

    @Test
    void plainBodyLabelledAsEncodedIsUsedAsIs() throws IOException {
        String manifest = new String(image.manifest(), StandardCharsets.UTF_8);
        up.on(Match.manifests())
                .always(Fault.status(200)
                        .header("Content-Encoding", "x-gzip")
                        .header("Content-Type", image.mediaType().value())
                        .body(manifest));
        assertArrayEquals(image.manifest(), get(TAG).body());
    }

    @Test
    void requestsAcceptNoEncodingAndAllManifestTypes() throws IOException {
        get(TAG);
        get(TAG);
        RawHttp.head(registry.base(), layer());
        get(layer());
        assertEquals(4, up.requests().size());
        for (Recorded request : up.requests()) {
            assertEquals(Optional.of("identity"), request.header("Accept-Encoding"), request::toString);
        }
        for (Recorded request : up.requests(Match.manifests())) {
            assertTrue(request.header("Accept").orElse("").contains("vnd.oci.image.index.v1+json"), request::toString);
        }
    }

    @Test
    void missing401ContentIsRequestedAtMostThreeTimes() throws IOException {
        up.requireAnonymousBearer();
        up.on(Match.manifests())
                .always(Fault.status(401)
                        .header("WWW-Authenticate", "Bearer realm=\"" + up.url() + "/token\",service=\"fake\""));
        Response answer = get(TAG);
        assertEquals(403, answer.status());
        // The requests are without a token, with the first token, and with the one token that replaces it.
        assertEquals(3, up.requests(Match.manifests()).size());
        assertEquals(null, answer.header("WWW-Authenticate"));
    }

    private String layer() {
        return "/v2/team/app/blobs/" + image.layer(0) + "?ns=r.example";
    }

    private Response get(String path) throws IOException {
        return RawHttp.get(registry.base(), path);
    }
}
