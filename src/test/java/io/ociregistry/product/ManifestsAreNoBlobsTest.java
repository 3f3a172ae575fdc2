package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Refuses manifests as blobs, although an upstream like distribution serves them under /blobs/ (containerd#13007). */
class ManifestsAreNoBlobsTest extends Scenario {
    private FakeImage image;

    @BeforeEach
    void pushImage() throws Exception {
        image = upstream.image("team/app", "1.0").layer(1000).push();
        upstream.blob("team/app", Content.of(image.manifest()));
    }

    @Override
    protected String configuration() {
        return "prefetch: false\n";
    }

    @Test
    void unknownManifestIsNotServedAsBlob() throws Exception {
        for (String method : List.of("HEAD", "GET")) {
            assertEquals(404, ask(method, image.digest()).status());
        }
        Response answer = get(image.digest());
        assertEquals(404, answer.status());
        assertTrue(answer.text().contains("is a manifest"), answer.text());
        assertEquals(List.of("HEAD manifests"), requests(), "one request, and its answer is remembered");

        Response manifest = get(manifest("team/app", image.digest()));
        assertArrayEquals(image.manifest(), manifest.body());
        assertEquals(404, get(image.digest()).status());
    }

    @Test
    void blobWithoutManifestCostsOneMoreRequestOnce() throws Exception {
        assertArrayEquals(image.layerBytes(0), get(image.layer(0)).body());
        assertEquals(List.of("HEAD manifests", "GET blobs"), requests());
        get(image.layer(0));
        ask("HEAD", image.layer(0));
        registry.restart();
        get(image.layer(0));
        assertEquals(2, requests().size(), requests()::toString);
    }

    @Test
    void sizeOfBlobWithoutManifestCostsOneMoreRequest() throws Exception {
        assertEquals("1000", ask("HEAD", image.layer(0)).header("Content-Length"));
        assertEquals(List.of("HEAD manifests", "HEAD blobs"), requests());
        assertArrayEquals(image.layerBytes(0), get(image.layer(0)).body());
        assertEquals(List.of("HEAD manifests", "HEAD blobs", "GET blobs"), requests());
    }

    @Test
    void blobNamedByManifestCostsNoMoreRequests() throws Exception {
        get(manifest("team/app", "1.0"));
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
    void blobIsServedIfUpstreamGivesNoAnswer(Fault fault) throws Exception {
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
        return RawHttp.exchange(registry.base(), method, blob("team/app", digest));
    }
}
