package io.ociregistry.upstream.http;

import static io.ociregistry.upstream.pool.TestUpstreams.assertHolds;
import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Tag;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded;
import io.ociregistry.upstream.BlobAnswer;
import io.ociregistry.upstream.HeadAnswer;
import io.ociregistry.upstream.ManifestAnswer;
import io.ociregistry.upstream.Priority;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class UpstreamAnswersTest {
    private static final int SIZE = 300_000;
    private static final long HUGE = 256L << 20;

    private final FakeUpstream up = FakeUpstream.start();
    private final FakeUpstream storage = FakeUpstream.start();
    private final FakeImage image = up.image("team/app", "1").layer(SIZE).push();
    private final Digest layer = image.layer(0);
    private final TestUpstreams upstreams = TestUpstreams.of(up);

    @AfterEach
    void stop() {
        upstreams.close();
        up.close();
        storage.close();
    }

    // Blobs.

    @Test
    void getsWholeBlob() throws IOException {
        try (BlobAnswer blob = blob(0)) {
            assertEquals(OptionalLong.of(SIZE), blob.size());
            assertEquals(0, blob.from());
            assertArrayEquals(image.layerBytes(0), blob.body().readAllBytes());
        }
        Recorded request = up.requests().get(0);
        assertEquals("GET /v2/team/app/blobs/" + layer + " 200", request.toString());
        assertEquals(Optional.of("identity"), request.header("Accept-Encoding"));
    }

    @Test
    void closingEarlyBreaksConnectionWithoutReadingRest() throws IOException {
        Digest huge = up.blob("team/app", Content.random(7, HUGE));
        try (BlobAnswer blob = upstreams.get().blob("team/app", huge, 0)) {
            assertEquals(1000, blob.body().readNBytes(1000).length);
        }
        Recorded request = up.requests().get(0);
        request.awaitFinished();
        assertTrue(request.broken());
        assertTrue(request.bytesSent() < HUGE / 4, request.bytesSent() + " bytes were read");
    }

    @Test
    void requestsRangeFromPosition() throws IOException {
        try (BlobAnswer blob = blob(1000)) {
            assertEquals(1000, blob.from());
            assertEquals(OptionalLong.of(SIZE), blob.size());
            assertArrayEquals(
                    Arrays.copyOfRange(image.layerBytes(0), 1000, SIZE),
                    blob.body().readAllBytes());
        }
        assertEquals(Optional.of("bytes=1000-"), up.requests().get(0).header("Range"));
    }

    @Test
    void acceptsWholeBlobForRange() throws IOException {
        up.on(Match.blob(layer)).once(new Fault.IgnoreRange());
        try (BlobAnswer blob = blob(1000)) {
            assertEquals(0, blob.from());
            assertEquals(OptionalLong.of(SIZE), blob.size());
            assertArrayEquals(image.layerBytes(0), blob.body().readAllBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bytes 999-299999/300000",
                "bytes 0-99/300000",
                "bytes 1000-299999/1000",
                "bytes 1000-10/300000",
                "bytes */300000",
                "1000-299999/300000",
                "",
                "bytes 1000-299999/999999999999999999999"
            })
    void rejectsWrongContentRange(String range) {
        up.on(Match.blob(layer)).once(Fault.status(206).body("x".repeat(1000)).header("Content-Range", range));
        RegistryException bad = failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> blob(1000));
        assertHolds("GET blob registry.example.com/team/app@" + layer, bad.getMessage());
    }

    @Test
    void rejectsUnrequestedPartialAnswer() {
        up.on(Match.blob(layer))
                .once(Fault.status(206).body("x".repeat(1000)).header("Content-Range", "bytes 0-999/300000"));
        failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> blob(0));
    }

    @Test
    void acceptsRangeOfUnknownSize() throws IOException {
        up.on(Match.blob(layer))
                .once(Fault.status(206).body("x".repeat(10)).header("Content-Range", "bytes 1000-1009/*"));
        try (BlobAnswer blob = blob(1000)) {
            assertEquals(OptionalLong.empty(), blob.size());
            assertEquals(10, blob.body().readAllBytes().length);
        }
    }

    @Test
    void acceptsBlobOfUnknownSize() throws IOException {
        for (Fault unsized : new Fault[] {new Fault.Chunked(), new Fault.NoContentLength()}) {
            up.on(Match.blob(layer)).once(unsized);
            try (BlobAnswer blob = blob(0)) {
                assertEquals(OptionalLong.empty(), blob.size());
                assertArrayEquals(image.layerBytes(0), blob.body().readAllBytes());
            }
        }
    }

    @Test
    void blobIsNotDecodedByDefault() throws IOException {
        up.on(Match.blob(layer)).once(new Fault.Gzip());
        try (BlobAnswer blob = blob(0)) {
            byte[] raw = blob.body().readAllBytes();
            assertEquals(OptionalLong.of(raw.length), blob.size());
            assertArrayEquals(image.layerBytes(0), new GZIPInputStream(new ByteArrayInputStream(raw)).readAllBytes());
        }
    }

    @Test
    void blobIsDecodedOnRequest() throws IOException {
        up.on(Match.blob(layer)).once(new Fault.Gzip());
        try (BlobAnswer blob = blob(0)) {
            BlobAnswer decoded = blob.decoded().orElseThrow();
            assertEquals(OptionalLong.empty(), decoded.size());
            assertArrayEquals(image.layerBytes(0), decoded.body().readAllBytes());
        }
    }

    @Test
    void plainBlobDeclaredAsGzipIsKept() throws IOException {
        up.on(Match.blob(layer))
                .once(Fault.status(200).header("Content-Encoding", "gzip").body("plain"));
        try (BlobAnswer blob = blob(0)) {
            assertEquals(Optional.empty(), blob.decoded());
            assertArrayEquals(
                    "plain".getBytes(StandardCharsets.UTF_8), blob.body().readAllBytes());
        }
    }

    @Test
    void compressedManifestIsDecoded() {
        up.on(Match.manifests()).once(new Fault.Gzip());
        assertArrayEquals(image.manifest(), upstreams.manifest("team/app", "1").bytes());
    }

    @Test
    void plainManifestDeclaredAsGzipIsKept() {
        up.on(Match.manifests())
                .once(Fault.status(200).header("Content-Encoding", "gzip").body("{}"));
        assertEquals("{}", new String(upstreams.manifest("team/app", "1").bytes(), StandardCharsets.UTF_8));
    }

    @Test
    void limitAppliesToDecodedManifest() {
        FakeImage large = up.image("team/app", "2")
                .annotation("a", "a".repeat((int) TestUpstreams.MAX_MANIFEST_BYTES))
                .push();
        up.on(Match.manifests()).once(new Fault.Gzip());
        failure(
                ErrorCode.UPSTREAM_BAD_ANSWER,
                () -> upstreams.manifest("team/app", large.digest().toString()));
    }

    @Test
    void brokenOrShortBodyThrows() throws IOException {
        for (Fault fault : new Fault[] {
            Fault.resetAfter(1000),
            new Fault.ShortBody(1000),
            new Fault.Chunked().and(new Fault.ShortBody(1000)),
            new Fault.Chunked().and(Fault.resetAfter(1000))
        }) {
            up.on(Match.blob(layer)).once(fault);
            try (BlobAnswer blob = blob(0)) {
                assertThrows(IOException.class, () -> blob.body().readAllBytes(), fault::toString);
            }
        }
    }

    @Test
    void stalledBodyThrows() throws IOException {
        upstreams.withStallTimeout(Duration.ofMillis(200));
        up.on(Match.blob(layer)).once(Fault.stallAfter(1000));
        try (BlobAnswer blob = blob(0)) {
            assertThrows(SocketTimeoutException.class, () -> blob.body().readAllBytes());
        }
        up.requests().get(0).awaitFinished();
    }

    @Test
    void missingContentIsUnknown() {
        failure(ErrorCode.BLOB_UNKNOWN, () -> upstreams.get().blob("team/app", image.digest(), 0));
        failure(ErrorCode.BLOB_UNKNOWN, () -> upstreams.get().headBlob("team/app", image.digest()));
        failure(ErrorCode.MANIFEST_UNKNOWN, () -> upstreams.manifest("team/app", "2"));
        failure(ErrorCode.MANIFEST_UNKNOWN, () -> upstreams.get().headManifest("team/app", layer));
    }

    // Manifests.

    @Test
    void getsManifestUnchanged() {
        ManifestAnswer manifest = upstreams.manifest("team/app", "1");
        assertArrayEquals(image.manifest(), manifest.bytes());
        assertEquals(image.mediaType(), manifest.contentType());
        HeadAnswer head = upstreams.get().headManifest("team/app", new Tag("1"));
        assertEquals(OptionalLong.of(image.manifest().length), head.size());
        assertEquals(Optional.of(image.digest()), head.digest());
        assertEquals(image.mediaType(), head.contentType());
        assertEquals("", up.requests().get(0).query(), "ns is not sent to the registry itself");
    }

    @Test
    void headWithoutHeadersIsAccepted() {
        up.on(Match.manifests())
                .once(new Fault.NoDigestHeader().and(new Fault.Chunked()).and(new Fault.WrongContentType("")));
        HeadAnswer head = upstreams.get().headManifest("team/app", new Tag("1"));
        assertEquals(
                new HeadAnswer(OptionalLong.empty(), io.ociregistry.oci.MediaType.NONE, Optional.empty(), false), head);
    }

    @Test
    void manifestLimitIsExact() {
        int size = image.manifest().length;
        assertEquals(
                size, upstreams.get().manifest("team/app", new Tag("1"), size).bytes().length);
        for (Fault fault : new Fault[] {Fault.trickle(1 << 20), new Fault.Chunked(), new Fault.NoContentLength()}) {
            up.on(Match.manifests()).once(fault);
            RegistryException bad = failure(
                    ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.get().manifest("team/app", new Tag("1"), size - 1));
            assertHolds("larger than " + (size - 1) + " bytes", bad.getMessage());
        }
    }

    @Test
    void tooLargeManifestIsNotReadToItsEnd() {
        for (Fault fault : new Fault[] {
            new Fault.Padded(64 << 20),
            new Fault.Padded(64 << 20).and(new Fault.Chunked()),
            new Fault.Padded(64 << 20).and(new Fault.NoContentLength())
        }) {
            up.forgetRequests();
            up.on(Match.manifests()).once(fault);
            failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.manifest("team/app", "1"));
            Recorded request = up.requests().get(0);
            request.awaitFinished();
            assertTrue(request.bytesSent() < 32 << 20, request.bytesSent() + " bytes were read");
        }
    }

    @Test
    void rejectsPartialManifest() {
        up.on(Match.manifests()).always(Fault.status(206).body("{}").header("Content-Range", "bytes 0-1/500"));
        failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.manifest("team/app", "1"));
        failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.get().headManifest("team/app", new Tag("1")));
    }

    @Test
    void brokenManifestIsBadAnswer() {
        for (Fault fault : new Fault[] {
            new Fault.ResetBeforeHeaders(),
            new Fault.CloseBeforeHeaders(),
            Fault.resetAfter(10),
            new Fault.ShortBody(10)
        }) {
            up.on(Match.manifests()).once(fault);
            RegistryException bad = failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.manifest("team/app", "1"));
            assertHolds("GET manifest registry.example.com/team/app:1: ", bad.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: x", "Content-Length: -1", "Transfer-Encoding: gzip"})
    void invalidFramingHeadersAreBadAnswer(String header) {
        String[] field = header.split(": ", -1);
        up.on(Match.manifests())
                .once(new Fault.NoContentLength()
                        .and(Fault.status(200).body("{}").header(field[0], field[1])));
        failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.manifest("team/app", "1"));
    }

    @Test
    void silentRegistryIsTimeout() {
        upstreams.withStallTimeout(Duration.ofMillis(200));
        for (Fault fault : new Fault[] {new Fault.NoAnswer(), Fault.stallAfter(10)}) {
            up.on(Match.manifests()).once(fault);
            RegistryException late = failure(ErrorCode.UPSTREAM_TIMEOUT, () -> upstreams.manifest("team/app", "1"));
            assertHolds("GET manifest registry.example.com/team/app:1: ", late.getMessage());
        }
    }

    @Test
    void refusedConnectionIsUnreachable() {
        up.refuseConnections();
        RegistryException failed = failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstreams.manifest("team/app", "1"));
        assertHolds("can't connect to " + up.url() + ": Connection refused", failed.getMessage());
    }

    @Test
    void unresolvableNameIsUnreachable() {
        up.on(Match.manifests()).always(new Fault.RedirectTo("http://cdn.invalid/x"));
        RegistryException failed = failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstreams.manifest("team/app", "1"));
        assertHolds("cdn.invalid can't be resolved", failed.getMessage());
    }

    // Connections.

    @Test
    void reusesConnections() throws IOException {
        up.requireAnonymousBearer();
        for (int i = 0; i < 5; i++) {
            upstreams.manifest("team/app", "1");
            upstreams.get().headManifest("team/app", image.digest());
            failure(ErrorCode.MANIFEST_UNKNOWN, () -> upstreams.manifest("team/app", "missing"));
            up.revokeTokens();
        }
        assertEquals(1, up.connections());
    }

    @Test
    void reusesConnectionsOfBlobsAndRedirects() throws IOException {
        up.redirectBlobsTo(storage);
        for (int i = 0; i < 5; i++) {
            try (BlobAnswer blob = blob(0)) {
                assertArrayEquals(image.layerBytes(0), blob.body().readAllBytes());
            }
        }
        assertEquals(1, up.connections());
        assertEquals(1, storage.connections());
    }

    @Test
    void deadPooledConnectionFailsNoRequest() {
        upstreams.manifest("team/app", "1");
        up.resetConnections();
        upstreams.manifest("team/app", "1");
        up.refuseConnections();
        up.heal();
        upstreams.manifest("team/app", "1");
        assertEquals(3, up.requests().size());
    }

    @Test
    void blobsDoNotDelayManifest() throws Exception {
        Gate gate = up.holdBlobAfter(layer, 1000);
        Upstream upstream = upstreams.get();
        for (int i = 0; i < 100; i++) {
            upstream.blobs(Priority.CLIENT).execute(() -> {
                try (BlobAnswer blob = blob(0)) {
                    blob.body().readAllBytes();
                } catch (IOException | RegistryException aborted) {
                    // Aborted at the end of the test.
                }
            });
        }
        gate.awaitReached();
        assertArrayEquals(
                image.manifest(),
                CompletableFuture.supplyAsync(
                                () -> upstreams.manifest("team/app", "1"), upstream.metadata(Priority.CLIENT))
                        .get()
                        .bytes());
    }

    @Test
    void closingAbortsTransfersAndRejectsRequests() throws Exception {
        Gate gate = up.holdBlobAfter(layer, 1000);
        try (BlobAnswer blob = blob(0)) {
            gate.awaitReached();
            blob.body().readNBytes(1000);
            upstreams.close();
            assertThrows(IOException.class, () -> blob.body().readAllBytes());
        }
        failure(ErrorCode.OVERLOADED, () -> upstreams.manifest("team/app", "1"));
        failure(ErrorCode.OVERLOADED, () -> blob(0));
    }

    private BlobAnswer blob(long from) {
        return upstreams.get().blob("team/app", layer, from);
    }
}
