package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Hides from clients the wrong sizes, digests and media types that upstreams and proxies send. */
class UnverifiedSizesTest extends Scenario {
    private static final String REPOSITORY = "team/app";
    private static final int SIZE = 3000;

    @Override
    protected String configuration() {
        return "  tags:\n  - policy: always\nprefetch: false\n";
    }

    @Test
    void headOfBlobTakesItsSizeFromTheManifest() throws Exception {
        FakeImage image = push();
        assertEquals(200, status(manifest(REPOSITORY, "1")));
        upstream.on(Match.blobs().head()).always(new Fault.Empty200());
        assertSize("" + SIZE, image.layer(0));
        assertEquals(0, upstream.requests(Match.blobs().get()).size());
    }

    @Test
    void headOfBlobWithoutManifestAsksForOneByte() throws Exception {
        Digest blob = upstream.blob(REPOSITORY, Content.random(1, SIZE));
        upstream.on(Match.blobs().head()).always(new Fault.Empty200());
        assertSize("" + SIZE, blob);
        assertEquals(
                "bytes=0-0",
                upstream.requests(Match.blobs().get()).get(0).header("Range").orElseThrow());
    }

    @Test
    void headOfBlobWithoutLengthAsksForOneByte() throws Exception {
        Digest blob = upstream.blob(REPOSITORY, Content.random(1, SIZE));
        upstream.on(Match.blobs().head()).always(new Fault.NoContentLength());
        assertSize("" + SIZE, blob);
    }

    @Test
    void headOfBlobOmitsUnknownSize() throws Exception {
        Digest blob = upstream.blob(REPOSITORY, Content.random(1, SIZE));
        upstream.on(Match.blobs().head()).always(new Fault.Empty200());
        upstream.on(Match.blobs().get()).always(Fault.status(500));
        assertSize(null, blob);
        upstream.heal();
        upstream.on(Match.blobs()).always(new Fault.Empty200());
        assertSize(null, blob);
    }

    @Test
    void headOfBlobOmitsSizeOfItsEncoding() throws Exception {
        Digest blob = upstream.blob(REPOSITORY, Content.of("a".repeat(SIZE)));
        upstream.on(Match.blobs()).always(new Fault.Gzip());
        assertSize(null, blob);
    }

    @Test
    void emptyBlobHasSizeZero() throws Exception {
        assertSize("0", upstream.blob(REPOSITORY, Content.of("")));
        assertEquals(0, upstream.requests(Match.blobs().get()).size());
    }

    @Test
    void sizeZeroInManifestIsNotTrusted() throws Exception {
        Digest layer = upstream.blob(REPOSITORY, Content.random(1, SIZE));
        Digest config = upstream.blob(REPOSITORY, Content.of("{}"));
        String manifest =
                ("{'schemaVersion':2,'config':{'mediaType':'application/vnd.oci.image.config.v1+json','size':2,"
                                + "'digest':'" + config
                                + "'},'layers':[{'mediaType':'application/vnd.oci.image.layer.v1.tar',"
                                + "'size':0,'digest':'" + layer + "'}]}")
                        .replace('\'', '"');
        upstream.manifest(REPOSITORY, "1", MediaType.OCI_MANIFEST, manifest.getBytes(StandardCharsets.UTF_8));
        assertEquals(200, status(manifest(REPOSITORY, "1")));
        assertSize("" + SIZE, layer);
        assertArrayEquals(
                Content.random(1, SIZE).bytes(), get(blob(REPOSITORY, layer)).body());
    }

    @Test
    void emptyAnswerToGetIsNoBlob() throws Exception {
        Digest blob = upstream.blob(REPOSITORY, Content.random(1, SIZE));
        upstream.on(Match.blobs().get()).always(new Fault.Empty200());
        assertEquals(502, status(blob(REPOSITORY, blob)));
        upstream.heal();
        assertArrayEquals(
                Content.random(1, SIZE).bytes(), get(blob(REPOSITORY, blob)).body());
    }

    @Test
    void headWithOtherDigestIsNotTrusted() throws Exception {
        Digest blob = upstream.blob(REPOSITORY, Content.random(1, SIZE));
        upstream.on(Match.blobs().head()).once(new Fault.WrongDigestHeader());
        assertEquals(502, head(blob(REPOSITORY, blob)).status());
        assertSize("" + SIZE, blob);
    }

    @Test
    void headOfManifestHasTheSizeOfTheManifest() throws Exception {
        FakeImage image = push();
        String size = get(manifest(REPOSITORY, "1")).header("Content-Length");
        upstream.on(Match.manifests().head()).always(new Fault.Empty200());
        assertEquals(size, head(manifest(REPOSITORY, "1")).header("Content-Length"));
        assertEquals(size, head(manifest(REPOSITORY, image.digest())).header("Content-Length"));
        assertEquals(size, get(manifest(REPOSITORY, "1")).header("Content-Length"));
    }

    @Test
    void imageWithTypeOfAnIndexIsAnImage() throws Exception {
        FakeImage image = push();
        String whole = new String(get(manifest(REPOSITORY, "1")).body(), StandardCharsets.UTF_8);
        String bare = whole.replaceFirst("\"mediaType\"\\s*:\\s*\"[^\"]*manifest[^\"]*\",", "");
        assertNotEquals(whole, bare);
        Digest digest = upstream.manifest(REPOSITORY, MediaType.OCI_INDEX, bare.getBytes(StandardCharsets.UTF_8));
        Response answer = get(manifest(REPOSITORY, digest));
        assertEquals(MediaType.OCI_MANIFEST.value(), answer.header("Content-Type"));
        assertSize("" + SIZE, image.layer(0));
    }

    private FakeImage push() {
        return upstream.image(REPOSITORY, "1").layer(SIZE).push();
    }

    private void assertSize(String size, Digest blob) throws IOException {
        Response answer = head(blob(REPOSITORY, blob));
        assertEquals(200, answer.status());
        assertEquals(size, answer.header("Content-Length"));
    }
}
