package io.ociregistry.upstream.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Tag;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded;
import io.ociregistry.upstream.BlobAnswer;
import io.ociregistry.upstream.Priority;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.UpstreamTestBase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests to one upstream over real connections, redirects, and bodies. */
class HttpUpstreamTest extends UpstreamTestBase {
    private final FakeUpstream fake = started(FakeUpstream.start());
    private final FakeImage image = image(fake);
    private final Upstream upstream = upstream(fake);

    @Test
    void everyRequestAsksForIdentityWithoutNs() throws IOException {
        manifest(upstream);
        body(0);
        for (Recorded request : fake.requests()) {
            assertEquals("identity", request.header("Accept-Encoding").orElse(""));
            assertTrue(request.header("User-Agent").orElse("").startsWith("ociregistry/"));
            assertEquals("", request.query());
        }
    }

    @Test
    void blobRequestFromPositionReportsWholeSize() throws IOException {
        try (BlobAnswer answer = upstream.blob("team/app", image.layer(0), 40_000)) {
            assertEquals(40_000, answer.from());
            assertEquals(OptionalLong.of(100_000), answer.size());
            assertEquals(60_000, answer.body().readAllBytes().length);
        }
        fake.on(Match.blobs()).once(new Fault.IgnoreRange());
        try (BlobAnswer answer = upstream.blob("team/app", image.layer(0), 40_000)) {
            assertEquals(0, answer.from());
        }
        fails(ErrorCode.UPSTREAM_WRONG_CONTENT, () -> upstream.blob("team/app", image.layer(0), 100_001));
    }

    @Test
    void redirectIsFollowedWithoutCredentials() throws IOException {
        FakeUpstream storage = started(FakeUpstream.start());
        fake.requireBearer("puller", "geheim").redirectBlobsTo(storage);
        Upstream account = upstream(fake, account("puller", "geheim"));
        try (BlobAnswer answer = account.blob("team/app", image.layer(0), 0)) {
            assertArrayEquals(image.layerBytes(0), answer.body().readAllBytes());
        }
        assertFalse(storage.requests().isEmpty());
        storage.requests()
                .forEach(request -> assertTrue(request.header("Authorization").isEmpty()));
    }

    @Test
    void invalidRedirectIsBadAnswer() {
        fake.on(Match.blobs()).once(new Fault.RedirectLoop());
        fake.on(Match.blobs()).times(20, new Fault.RedirectLoop());
        fails(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstream.blob("team/app", image.layer(0), 0));
        assertTrue(fake.requests(Match.blobs()).size() <= 11);
        fake.heal();
        fake.on(Match.blobs()).once(new Fault.RedirectTo("ftp://elsewhere/x"));
        fails(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstream.blob("team/app", image.layer(0), 0));
        fake.on(Match.blobs()).once(new Fault.RedirectTo("not a uri"));
        fails(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstream.blob("team/app", image.layer(0), 0));
    }

    @Test
    void closingAnswerEarlyBreaksConnection() throws IOException {
        Digest large = fake.blob("team/app", Content.random(9, 200_000_000));
        try (BlobAnswer answer = upstream.blob("team/app", large, 0)) {
            assertEquals(1000, answer.body().readNBytes(1000).length);
        }
        Recorded request = fake.requests(Match.blob(large)).get(0);
        request.awaitFinished();
        assertTrue(request.broken());
        assertTrue(request.bytesSent() < 50_000_000, () -> request.bytesSent() + " bytes were sent");
    }

    @Test
    void closingBodyEarlyBreaksConnection() throws IOException {
        Digest large = fake.blob("team/app", Content.random(9, 200_000_000));
        BlobAnswer answer = upstream.blob("team/app", large, 0);
        answer.body().close();
        Recorded request = fake.requests(Match.blob(large)).get(0);
        request.awaitFinished();
        assertTrue(request.broken());
    }

    @Test
    void reusesConnections() throws IOException {
        for (int i = 0; i < 5; i++) {
            manifest(upstream);
            body(0);
        }
        assertTrue(fake.connections() <= 2, () -> fake.connections() + " connections");
    }

    @Test
    void requestOnClosedPooledConnectionIsRetried() {
        manifest(upstream);
        int before = fake.requests().size();
        fake.on(Match.manifests()).once(new Fault.CloseBeforeHeaders());
        assertArrayEquals(image.manifest(), manifest(upstream));
        assertEquals(2, fake.requests().size() - before);
    }

    @Test
    void closedNewConnectionIsBadAnswer() {
        fake.on(Match.manifests()).once(new Fault.CloseBeforeHeaders());
        fails(ErrorCode.UPSTREAM_BAD_ANSWER, () -> manifest(upstream));
        assertEquals(1, fake.requests().size());
    }

    @Test
    void doesNotUsePooledConnectionThatUpstreamClosed() {
        manifest(upstream);
        fake.resetConnections();
        assertArrayEquals(image.manifest(), manifest(upstream));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void tooLargeManifestIsRejected(boolean chunked) {
        fake.image("team/app", "large").manifestSize(2_000_000).push();
        if (chunked) {
            fake.on(Match.manifest("large")).once(new Fault.Chunked());
        }
        RegistryException tooLarge =
                fails(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstream.manifest("team/app", Tag.parse("large"), 100_000));
        assertTrue(tooLarge.getMessage().contains("maxManifestBytes"), tooLarge.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "400, UPSTREAM_BAD_ANSWER",
        "401, DENIED",
        "403, DENIED",
        "404, MANIFEST_UNKNOWN",
        "429, TOO_MANY_REQUESTS",
        "500, UPSTREAM_BAD_ANSWER",
        "503, UPSTREAM_BAD_ANSWER"
    })
    void statusesMapToErrorCodes(int status, ErrorCode code) {
        fake.on(Match.manifests()).always(Fault.status(status));
        RegistryException failure = fails(code, () -> manifest(upstream));
        assertTrue(failure.getMessage().contains("r.example/team/app:1.0"), failure.getMessage());
    }

    @Test
    void connectionFailuresMapToErrorCodes() {
        fake.on(Match.manifests()).once(new Fault.ResetBeforeHeaders());
        fails(ErrorCode.UPSTREAM_BAD_ANSWER, () -> manifest(upstream));
        fake.on(Match.manifests()).once(new Fault.NoAnswer());
        fails(ErrorCode.UPSTREAM_TIMEOUT, () -> manifest(upstream));
        fake.refuseConnections();
        fails(ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest(upstream));
    }

    @Test
    void longTransfersDoNotDelayManifest() throws Exception {
        var gate = fake.hold(Match.blobs());
        for (int i = 0; i < 100; i++) {
            upstream.blobs(Priority.CLIENT).execute(() -> body(0));
        }
        gate.awaitReached();
        var answer = new CompletableFuture<byte[]>();
        upstream.metadata(Priority.CLIENT).execute(() -> answer.complete(manifest(upstream)));
        assertArrayEquals(image.manifest(), answer.get());
        gate.release();
    }

    private void body(int i) {
        try (BlobAnswer answer = upstream.blob("team/app", image.layer(i), 0)) {
            answer.body().readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
