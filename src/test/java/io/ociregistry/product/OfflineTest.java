package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Serves cached content while the upstream is gone, after a restart, and without a network. */
class OfflineTest extends Scenario {
    private static final int SIZE = 300_000;

    private FakeImage image;

    @BeforeEach
    void pushImage() {
        image = upstream.image("team/app", "1.0").layer(SIZE).push();
    }

    @Test
    void restartedServerServesAllWithoutUpstream() throws Exception {
        Response pulled = pull();
        upstream.refuseConnections();
        registry.restart();

        Response again = get(manifest("team/app", "1.0"));
        assertEquals(200, again.status());
        assertArrayEquals(pulled.body(), again.body());
        assertEquals(pulled.header("Content-Type"), again.header("Content-Type"));
        assertEquals(200, status(manifest("team/app", image.digest())));
        assertEquals(200, status(blob("team/app", image.config().digest())));
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
    }

    @Test
    void blobWithoutManifestIsServedToItsRepositoryOnly() throws Exception {
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        upstream.refuseConnections();
        registry.restart();
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        assertEquals(503, status(layer().replace("team/app", "team/other")));
    }

    @Test
    void hitSendsNoRequestUpstream() throws Exception {
        pull();
        int before = upstream.requests().size();
        for (String method : new String[] {"GET", "HEAD"}) {
            for (String path : new String[] {manifest("team/app", "1.0"), layer()}) {
                assertEquals(
                        200, RawHttp.exchange(registry.base(), method, path).status());
            }
        }
        assertEquals(
                before, upstream.requests().size(), () -> upstream.requests().toString());
    }

    @Test
    void airGappedServerServesTheCacheAndExplainsMisses() throws Exception {
        pull();
        startWith("airGapped: true\n");
        int before = upstream.requests().size();

        assertEquals(200, status(manifest("team/app", "1.0")));
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        for (String path : new String[] {
            manifest("team/app", "2.0"),
            manifest("team/other", "1.0"),
            blob("team/other", image.layer(0)),
            "/v2/library/x/manifests/latest?ns=docker.io"
        }) {
            Response missing = get(path);
            assertEquals(404, missing.status(), path);
            assertTrue(missing.text().contains("air-gapped"), missing.text());
        }
        assertEquals(
                before, upstream.requests().size(), () -> upstream.requests().toString());
    }

    @Test
    void blobIsServedToOtherRegistryAfterItsConfirmation() throws Exception {
        pull();
        FakeUpstream other = FakeUpstream.start();
        startWith("- name: s.example\n  endpoint: " + other.url() + "\ncache: {negativeTtl: 0s}\n");
        try (other) {
            String path = "/v2/x/y/blobs/" + image.layer(0) + "?ns=s.example";
            assertEquals(404, status(path), "its upstream does not have it");
            other.image("x/y", "1").layer(image.layers().get(0).content()).push();
            assertArrayEquals(image.layerBytes(0), get(path).body());
            assertEquals(0, other.requests(Match.blob(image.layer(0)).get()).size(), "the bytes were here already");
        }
    }

    @Test
    void manifestOfOtherRegistryGivesNoRightToPrivateBlob() throws Exception {
        pull();
        FakeUpstream hostile = FakeUpstream.start();
        startWith("- name: h.example\n  endpoint: " + hostile.url() + "\nprefetch: false\n");
        try (hostile) {
            hostile.index("evil/app", "1", image);
            FakeImage naming = hostile.image("evil/app", "2")
                    .layer(image.layers().get(0).content())
                    .push();
            hostile.on(Match.blob(image.layer(0))).always(Fault.status(404));
            hostile.on(Match.manifest(image.digest())).always(Fault.status(404));
            assertEquals(200, status("/v2/evil/app/manifests/1?ns=h.example"));
            assertEquals(200, status("/v2/evil/app/manifests/" + naming.digest() + "?ns=h.example"));

            assertEquals(404, status("/v2/evil/app/manifests/" + image.digest() + "?ns=h.example"));
            assertEquals(404, status("/v2/evil/app/blobs/" + image.layer(0) + "?ns=h.example"));
            assertEquals(
                    404,
                    RawHttp.head(registry.base(), "/v2/evil/app/blobs/" + image.layer(0) + "?ns=h.example")
                            .status());
            assertArrayEquals(
                    image.layerBytes(0), get(layer()).body(), "the repository with a digest link still gets the blob");
        }
    }

    @Test
    void slowRegistryDelaysNoOtherRegistry() throws Exception {
        FakeUpstream slow = FakeUpstream.start();
        startWith("- name: s.example\n  endpoint: " + slow.url() + "\nprefetch: false\n");
        slow.image("x/y", "1").layer(image.layers().get(0).content()).push();
        try (slow;
                RawHttp waiting = RawHttp.connect(registry.base())) {
            Gate gate = slow.holdBlobAfter(image.layer(0), 10);
            waiting.send("GET", "/v2/x/y/blobs/" + image.layer(0) + "?ns=s.example");
            gate.awaitReached();
            assertArrayEquals(image.layerBytes(0), get(layer()).body());
            gate.release();
        }
    }

    @Test
    void wrongSizeInManifestDoesNoHarm() throws Exception {
        String honest = new String(image.manifest(), StandardCharsets.UTF_8);
        String lie = honest.replace("\"size\":" + SIZE, "\"size\":" + (SIZE + 5));
        upstream.manifest("team/app", "lie", image.mediaType(), lie.getBytes(StandardCharsets.UTF_8));
        startWith("prefetch: false\n");
        assertEquals(200, status(manifest("team/app", "lie")));
        Response answer = get(layer());
        assertEquals(String.valueOf(SIZE), answer.header("Content-Length"));
        assertArrayEquals(image.layerBytes(0), answer.body());
        assertEquals(1, ranges().size());
    }

    @Test
    void downloadResumesAfterStop() throws Exception {
        Gate gate = upstream.holdBlobAfter(image.layer(0), 100_000);
        try (RawHttp client = RawHttp.connect(registry.base())) {
            Response arriving = client.send("GET", layer());
            assertEquals(200, arriving.status());
            arriving.read(90_000);
            gate.awaitReached();
            stopServer();
        }
        gate.release();
        upstream.heal();
        long held = Files.size(partial());
        assertTrue(held >= 90_000 && held < SIZE, () -> "held " + held);

        startWith("");
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        var requests = upstream.requests(Match.blob(image.layer(0)).get());
        assertEquals(
                Optional.of("bytes=" + held + "-"),
                requests.get(requests.size() - 1).header("Range"));
    }

    static Stream<Arguments> faults() {
        Fault reset = Fault.resetAfter(50_000);
        return Stream.of(
                arguments(List.of(reset, Fault.resetAfter(70_000)), List.of("", "bytes=50000-", "bytes=120000-")),
                arguments(List.of(reset, Fault.status(503)), List.of("", "bytes=50000-", "bytes=50000-")),
                arguments(List.of(reset, new Fault.IgnoreRange()), List.of("", "bytes=50000-")));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void brokenDownloadResumesAtTheNextByte(List<Fault> faults, List<String> ranges) throws Exception {
        faults.forEach(fault -> upstream.on(Match.blob(image.layer(0)).get()).once(fault));
        Response whole = get(layer());
        assertEquals(200, whole.status());
        assertArrayEquals(image.layerBytes(0), whole.body());
        assertEquals(ranges, ranges());
    }

    @Test
    void wrongPartialContentIsFetchedFromTheStart() throws Exception {
        byte[] wrong = new byte[1000];
        leave(wrong, "1000 " + Digest.of(wrong));
        Response first = get(layer());
        byte[] body = first.body();
        // A client that got some of the wrong bytes is cut off; a client a moment later gets the right bytes.
        assertTrue(!first.complete() || Arrays.equals(image.layerBytes(0), body), "never a complete wrong body");
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        assertEquals(List.of("bytes=1000-", ""), ranges());
    }

    @Test
    void damagedPartialContentIsFetchedFromLastGoodCheckpoint() throws Exception {
        byte[] held = Arrays.copyOf(image.layerBytes(0), 3000);
        String checkpoints = "1000 " + Digest.of(Arrays.copyOf(held, 1000)) + "\n3000 " + Digest.of(held);
        held[2000] ^= 1;
        leave(held, checkpoints);
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        assertEquals(List.of("bytes=3000-", "bytes=1000-"), ranges());
    }

    @Test
    void tooLongPartialContentIsFetchedFromTheStart() throws Exception {
        byte[] wrong = new byte[SIZE + 1];
        leave(wrong, wrong.length + " " + Digest.of(wrong));
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "garbage", "5 sha256:0", "-1 x", "99999999999999999999 x", "\u0000"})
    void partialContentWithoutCheckpointIsFetchedFromTheStart(String checkpoints) throws Exception {
        leave(Arrays.copyOf(image.layerBytes(0), 3000), checkpoints);
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        assertEquals(List.of(""), ranges());
    }

    @Test
    void completePartialFileNeedsNoUpstream() throws Exception {
        pull();
        registry.restart();
        Files.delete(images.resolve("blobs").resolve(image.layer(0).hex()));
        leave(image.layerBytes(0), SIZE + " " + image.layer(0));
        upstream.refuseConnections();
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        registry.restart();
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        assertFalse(Files.exists(partial()));
        assertFalse(Files.exists(checkpoints()));
    }

    @Test
    void copiedFileIsVerifiedWhileItIsServed() throws Exception {
        pull();
        stopServer();
        Path blob = images.resolve("blobs").resolve(image.layer(0).hex());
        Files.delete(images.resolve("verified"));
        Files.setLastModifiedTime(blob, FileTime.from(Instant.now().minusSeconds(3600)));
        upstream.refuseConnections();
        startWith("");
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
    }

    @Test
    void corruptFileIsNeverServedCompletely() throws Exception {
        pull();
        stopServer();
        Path blob = images.resolve("blobs").resolve(image.layer(0).hex());
        byte[] wrong = Files.readAllBytes(blob);
        wrong[7] ^= 1;
        Files.write(blob, wrong);
        Files.setLastModifiedTime(blob, FileTime.from(Instant.now().minusSeconds(3600)));
        startWith("");

        Response cut = get(layer());
        cut.body();
        assertEquals(false, cut.complete());
        try (var corrupt = Files.list(images.resolve("corrupt"))) {
            assertTrue(corrupt.anyMatch(file ->
                    file.getFileName().toString().startsWith(image.layer(0).hex())));
        }
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
    }

    @Test
    void truncatedOrMissingFileIsFetchedAgain() throws Exception {
        pull();
        // The client may get the last byte before the blob is on the disk; the restart waits for the disk.
        registry.restart();
        Path blob = images.resolve("blobs").resolve(image.layer(0).hex());
        Files.write(blob, new byte[] {1, 2, 3});
        Files.setLastModifiedTime(blob, FileTime.from(Instant.now().minusSeconds(3600)));
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        registry.restart();
        Files.delete(blob);
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        assertEquals(3, upstream.requests(Match.blob(image.layer(0)).get()).size());
    }

    @Test
    void damagedRecordIsQuarantinedAlone() throws Exception {
        pull();
        stopServer();
        Path record = images.resolve("img").resolve(image.digest().hex());
        Path neighbour = images.resolve("img").resolve("0".repeat(64));
        Files.writeString(neighbour, "{ no record");
        Files.setLastModifiedTime(neighbour, FileTime.from(Instant.now().minusSeconds(3600)));
        upstream.refuseConnections();
        startWith("");
        assertEquals(200, status(manifest("team/app", "1.0")));
        assertTrue(Files.exists(record));
        assertEquals(false, Files.exists(neighbour));
    }

    private Path partial() {
        return images.resolve("partial").resolve(image.layer(0).hex() + "@r.example");
    }

    private Path checkpoints() {
        return images.resolve("partial").resolve(image.layer(0).hex() + "@r.example.checkpoints");
    }

    /** Leaves a part of the layer on the disk, as a server would that was killed, and starts one that finds it. */
    private void leave(byte[] held, String checkpoints) throws Exception {
        stopServer();
        Files.write(partial(), held);
        Files.writeString(checkpoints(), "r.example/team/app\n" + checkpoints + "\n");
        startWith("prefetch: false\n");
    }

    private Response pull() throws Exception {
        return pull(image, "team/app", "1.0");
    }

    private List<String> ranges() {
        return ranges(image.layer(0));
    }

    private String layer() {
        return blob("team/app", image.layer(0));
    }
}
