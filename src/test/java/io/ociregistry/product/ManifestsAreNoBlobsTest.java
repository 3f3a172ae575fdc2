package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** An upstream like distribution, which serves the bytes of its manifests under /blobs/ too (containerd#13007). */
@Timeout(60)
class ManifestsAreNoBlobsTest {
    @TempDir
    Path images;

    private FakeUpstream upstream;
    private FakeImage image;
    private RunningRegistry registry;

    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        image = upstream.image("team/app", "1.0").layer(1000).push();
        upstream.blob("team/app", Content.of(image.manifest()));
        registry = RunningRegistry.start(
                "prefetch: false\nregistries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n", images);
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
    }

    @Test
    void aManifestThatNothingHereKnowsIsNotServedAsABlob() throws Exception {
        for (String method : List.of("HEAD", "GET")) {
            assertEquals(404, ask(method, image.digest()).status());
        }
        Response answer = get(image.digest());
        assertEquals(404, answer.status());
        assertTrue(answer.text().contains("is a manifest"), answer.text());
        assertEquals(List.of("HEAD manifests"), requests(), "it was asked once, and the answer is remembered");

        Response manifest = RawHttp.get(registry.base(), "/v2/team/app/manifests/" + image.digest() + "?ns=r.example");
        assertArrayEquals(image.manifest(), manifest.body());
        assertEquals(404, get(image.digest()).status());
    }

    @Test
    void aBlobThatNothingNamesCostsOneMoreQuestion_once() throws Exception {
        assertArrayEquals(image.layerBytes(0), get(image.layer(0)).body());
        assertEquals(List.of("HEAD manifests", "GET blobs"), requests());
        get(image.layer(0));
        ask("HEAD", image.layer(0));
        registry.restart();
        get(image.layer(0));
        assertEquals(2, requests().size(), requests()::toString);
    }

    @Test
    void theSizeOfABlobThatNothingNamesCostsOneMoreQuestion_once() throws Exception {
        assertEquals("1000", ask("HEAD", image.layer(0)).header("Content-Length"));
        assertEquals(List.of("HEAD manifests", "HEAD blobs"), requests());
        assertArrayEquals(image.layerBytes(0), get(image.layer(0)).body());
        assertEquals(List.of("HEAD manifests", "HEAD blobs", "GET blobs"), requests());
    }

    @Test
    void aBlobThatAManifestNamesCostsNoQuestion() throws Exception {
        RawHttp.get(registry.base(), "/v2/team/app/manifests/1.0?ns=r.example");
        assertArrayEquals(image.layerBytes(0), get(image.layer(0)).body());
        assertEquals(List.of("GET manifests", "GET blobs"), requests());
    }

    static Stream<Fault> noAnswer() {
        return Stream.of(
                Fault.status(401),
                Fault.status(403),
                Fault.status(405),
                Fault.status(429),
                Fault.status(500),
                new Fault.ResetBeforeHeaders(),
                new Fault.Html());
    }

    @ParameterizedTest
    @MethodSource("noAnswer")
    void whereTheUpstreamDoesNotTellABlobIsABlob(Fault fault) throws Exception {
        upstream.on(Match.manifests().head()).always(fault);
        assertArrayEquals(image.layerBytes(0), get(image.layer(0)).body());
    }

    private List<String> requests() {
        return upstream.requests().stream()
                .map(request -> request.method() + (request.path().contains("/manifests/") ? " manifests" : " blobs"))
                .toList();
    }

    private Response get(Digest digest) throws IOException {
        return ask("GET", digest);
    }

    private Response ask(String method, Digest digest) throws IOException {
        return RawHttp.exchange(registry.base(), method, "/v2/team/app/blobs/" + digest + "?ns=r.example");
    }
}
