package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sizes, digests and types that upstreams and proxies name wrongly are not passed on to clients. */
@Timeout(60)
class UnverifiedSizesTest {
    private static final String REPOSITORY = "team/app";
    private static final int SIZE = 3000;

    @TempDir
    Path images;

    private final FakeUpstream upstream = FakeUpstream.start();
    private RunningRegistry registry;

    @BeforeEach
    void start() throws Exception {
        registry = RunningRegistry.start(
                "prefetch: false\nregistries:\n- name: r.example\n  endpoint: " + upstream.url()
                        + "\n  tags:\n  - policy: always\n",
                images);
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
    }

    @Test
    void headOfBlobTakesItsSizeFromTheManifest() throws Exception {
        FakeImage image = push();
        assertEquals(200, get("manifests/1").status());
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
    void headOfBlobLeavesOutSizeThatNobodyKnows() throws Exception {
        Digest blob = upstream.blob(REPOSITORY, Content.random(1, SIZE));
        upstream.on(Match.blobs().head()).always(new Fault.Empty200());
        upstream.on(Match.blobs().get()).always(Fault.status(500));
        assertSize(null, blob);
        upstream.heal();
        upstream.on(Match.blobs()).always(new Fault.Empty200());
        assertSize(null, blob);
    }

    @Test
    void headOfBlobLeavesOutSizeOfItsEncoding() throws Exception {
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
    void manifestThatNamesSizeZeroIsNotBelieved() throws Exception {
        Digest layer = upstream.blob(REPOSITORY, Content.random(1, SIZE));
        Digest config = upstream.blob(REPOSITORY, Content.of("{}"));
        String manifest =
                ("{'schemaVersion':2,'config':{'mediaType':'application/vnd.oci.image.config.v1+json','size':2,"
                                + "'digest':'" + config
                                + "'},'layers':[{'mediaType':'application/vnd.oci.image.layer.v1.tar',"
                                + "'size':0,'digest':'" + layer + "'}]}")
                        .replace('\'', '"');
        upstream.manifest(REPOSITORY, "1", MediaType.OCI_MANIFEST, manifest.getBytes(StandardCharsets.UTF_8));
        assertEquals(200, get("manifests/1").status());
        assertSize("" + SIZE, layer);
        assertArrayEquals(Content.random(1, SIZE).bytes(), get("blobs/" + layer).body());
    }

    @Test
    void emptyAnswerToGetIsNoBlob() throws Exception {
        Digest blob = upstream.blob(REPOSITORY, Content.random(1, SIZE));
        upstream.on(Match.blobs().get()).always(new Fault.Empty200());
        assertEquals(502, get("blobs/" + blob).status());
        upstream.heal();
        assertArrayEquals(Content.random(1, SIZE).bytes(), get("blobs/" + blob).body());
    }

    @Test
    void headThatNamesAnotherBlobIsNotBelieved() throws Exception {
        Digest blob = upstream.blob(REPOSITORY, Content.random(1, SIZE));
        upstream.on(Match.blobs().head()).once(new Fault.WrongDigestHeader());
        assertEquals(502, head("blobs/" + blob).status());
        assertSize("" + SIZE, blob);
    }

    @Test
    void headOfManifestHasTheSizeOfTheManifest() throws Exception {
        FakeImage image = push();
        String size = get("manifests/1").header("Content-Length");
        upstream.on(Match.manifests().head()).always(new Fault.Empty200());
        assertEquals(size, head("manifests/1").header("Content-Length"));
        assertEquals(size, head("manifests/" + image.digest()).header("Content-Length"));
        assertEquals(size, get("manifests/1").header("Content-Length"));
    }

    @Test
    void imageWithTypeOfAnIndexIsAnImage() throws Exception {
        FakeImage image = push();
        String whole = new String(get("manifests/1").body(), StandardCharsets.UTF_8);
        String bare = whole.replaceFirst("\"mediaType\"\\s*:\\s*\"[^\"]*manifest[^\"]*\",", "");
        assertNotEquals(whole, bare);
        Digest digest = upstream.manifest(REPOSITORY, MediaType.OCI_INDEX, bare.getBytes(StandardCharsets.UTF_8));
        Response answer = get("manifests/" + digest);
        assertEquals(MediaType.OCI_MANIFEST.value(), answer.header("Content-Type"));
        assertSize("" + SIZE, image.layer(0));
    }

    private FakeImage push() {
        return upstream.image(REPOSITORY, "1").layer(SIZE).push();
    }

    private void assertSize(String size, Digest blob) throws IOException {
        Response answer = head("blobs/" + blob);
        assertEquals(200, answer.status());
        assertEquals(size, answer.header("Content-Length"));
    }

    private Response get(String path) throws IOException {
        Response answer = RawHttp.get(registry.base(), "/v2/" + REPOSITORY + "/" + path + "?ns=r.example");
        answer.body();
        return answer;
    }

    private Response head(String path) throws IOException {
        return RawHttp.head(registry.base(), "/v2/" + REPOSITORY + "/" + path + "?ns=r.example");
    }
}
