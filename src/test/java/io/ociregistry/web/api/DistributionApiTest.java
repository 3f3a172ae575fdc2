package io.ociregistry.web.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RunningRegistry;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Answers without a servlet and without a server, as any transport may ask for them. */
@Timeout(60)
class DistributionApiTest {
    private static final String TOKEN = "correct-horse-battery";

    @TempDir
    Path images;

    private FakeUpstream upstream;
    private FakeImage image;

    @BeforeEach
    void push() {
        upstream = FakeUpstream.start();
        image = upstream.image("team/app", "1.0").layer(10_000).push();
    }

    @AfterEach
    void close() {
        upstream.close();
    }

    @Test
    void cachedBlobIsHit() throws Exception {
        try (RunningRegistry registry = cached("")) {
            Answer answer = hit(registry, get("blobs/" + image.layer(0))).orElseThrow();
            assertEquals(200, answer.status());
            assertEquals(OptionalLong.of(10_000), answer.body().length());
            assertArrayEquals(image.layerBytes(0), bytes(answer));
        }
    }

    @Test
    void cachedManifestIsHit() throws Exception {
        try (RunningRegistry registry = cached("")) {
            Answer answer = hit(registry, get("manifests/1.0")).orElseThrow();
            assertEquals(image.digest().toString(), answer.headers().get("Docker-Content-Digest"));
            assertInstanceOf(Body.Bytes.class, answer.body());
        }
    }

    @Test
    void rangeOfHitIsPartOfBlob() throws Exception {
        try (RunningRegistry registry = cached("")) {
            RequestHead head = get("blobs/" + image.layer(0), Map.of("Range", "bytes=10-19"));
            Answer answer = hit(registry, head).orElseThrow();
            assertEquals(206, answer.status());
            assertEquals("bytes 10-19/10000", answer.headers().get("Content-Range"));
            assertEquals(OptionalLong.of(10), answer.body().length());
            answer.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"blobs/LAYER", "manifests/1.0"})
    void clientThatHasTheContentGetsNoBody(String path) throws Exception {
        try (RunningRegistry registry = cached("")) {
            RequestHead head = get(path.replace("LAYER", image.layer(0).toString()), Map.of("If-None-Match", "*"));
            Answer answer = hit(registry, head).orElseThrow();
            assertEquals(304, answer.status());
            assertEquals(new Body.None(OptionalLong.empty()), answer.body());
        }
    }

    @Test
    void missIsNoHitAndStartsNothing() throws Exception {
        try (RunningRegistry registry = start("")) {
            assertEquals(Optional.empty(), hit(registry, get("blobs/" + image.layer(0))));
            assertEquals(Optional.empty(), hit(registry, get("manifests/1.0")));
            assertEquals(List.of(), upstream.requests());
        }
    }

    @Test
    void hitNeedsCredentialsOfClient() throws Exception {
        try (RunningRegistry registry = cached("clients: {token: " + TOKEN + "}\n")) {
            String path = "blobs/" + image.layer(0);
            assertEquals(Optional.empty(), hit(registry, get(path)));
            Answer refusal = api(registry).blob(get(path)).toCompletableFuture().join();
            assertEquals(401, refusal.status());
            assertEquals("Bearer realm=\"ociregistry\"", refusal.headers().get("WWW-Authenticate"));
            Answer answer = hit(registry, get(path, Map.of("Authorization", "Bearer " + TOKEN)))
                    .orElseThrow();
            assertEquals(200, answer.status());
            answer.close();
        }
    }

    private RunningRegistry start(String config) throws Exception {
        return RunningRegistry.start(
                config + "registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n", images);
    }

    /** Starts a server whose cache has the image. */
    private RunningRegistry cached(String config) throws Exception {
        RunningRegistry registry = start(config);
        pull(registry);
        // After a restart, the download is certainly over.
        registry.restart();
        pull(registry);
        return registry;
    }

    private void pull(RunningRegistry registry) throws Exception {
        for (String path : List.of("manifests/1.0", "blobs/" + image.layer(0))) {
            String target = "/v2/team/app/" + path + "?ns=r.example";
            String line = "Authorization: Bearer " + TOKEN;
            assertEquals(200, RawHttp.get(registry.base(), target, line).status());
        }
    }

    private static DistributionApi api(RunningRegistry registry) {
        return new DistributionApi(registry.context(), new ErrorAnswers(() -> 429));
    }

    private static Optional<Answer> hit(RunningRegistry registry, RequestHead head) {
        return api(registry).hit(head);
    }

    private static RequestHead get(String path) {
        return get(path, Map.of());
    }

    private static RequestHead get(String path, Map<String, String> headers) {
        return new RequestHead(
                "GET",
                "",
                "/v2/team/app/" + path,
                new Query("ns=r.example"),
                RequestHead.Headers.of(headers::get, name -> List.of()),
                new AccessLogEntry("GET", path, null, "127.0.0.1", null, () -> 200));
    }

    private static byte[] bytes(Answer answer) throws Exception {
        Body.Blob blob = assertInstanceOf(Body.Blob.class, answer.body());
        ByteBuffer bytes = ByteBuffer.allocate((int) blob.to());
        while (bytes.hasRemaining()) {
            assertTrue(blob.source().read(bytes.position(), bytes) > 0);
        }
        answer.close();
        return bytes.array();
    }
}
