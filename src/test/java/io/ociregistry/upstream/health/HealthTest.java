package io.ociregistry.upstream.health;

import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ociregistry.config.model.MirrorConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The effect of answers on the health of an upstream. */
@Timeout(30)
class HealthTest {
    private final FakeUpstream up = FakeUpstream.start();
    private final FakeUpstream cache = FakeUpstream.start();
    private final FakeImage image = up.image("team/app", "1").layer(1000).push();
    private TestUpstreams upstreams = TestUpstreams.of(up);

    @AfterEach
    void stop() {
        upstreams.close();
        up.close();
        cache.close();
    }

    @Test
    void failingReferrersApiDoesNotOpenBreaker() {
        up.on(Match.of(Recorded.Kind.REFERRERS)).always(Fault.status(500));
        for (int i = 0; i < 5; i++) {
            referrers(ErrorCode.UPSTREAM_BAD_ANSWER);
        }
        upstreams.get().check(RequestKind.MANIFEST);
        upstreams.manifest("team/app", "1");
    }

    @Test
    void limitOfReferrersAppliesToReferrersOnly() {
        up.on(Match.of(Recorded.Kind.REFERRERS)).always(Fault.status(429));
        referrers(ErrorCode.TOO_MANY_REQUESTS);
        upstreams.get().headManifest("team/app", image.digest());
        referrers(ErrorCode.TOO_MANY_REQUESTS);
        assertEquals(1, up.requestsTo("/v2/team/app/referrers").size());
    }

    @Test
    void retryAfterOf503PausesManifestsOnly() {
        up.on(Match.manifests()).once(Fault.status(503).header("Retry-After", "30"));
        RegistryException first = failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.manifest("team/app", "1"));
        assertEquals(Duration.ofSeconds(30), first.retryAfter().orElseThrow());
        failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstreams.manifest("team/app", "1"));
        assertEquals(1, up.requests(Match.manifests()).size());
        upstreams.get().headBlob("team/app", image.layer(0));
    }

    @ParameterizedTest
    @ValueSource(ints = {429, 500, 502, 503, 504, 508})
    void errorsOfCachingMirrorDoNotStopRequestsToIt(int status) {
        upstreams = new TestUpstreams()
                .with(UpstreamConfig.of(TestUpstreams.NAME)
                        .withEndpoint(up.url())
                        .withMirrors(MirrorConfig.of(cache.url())));
        cache.on(Match.anything()).times(5, Fault.status(status).header("Retry-After", "600"));
        for (int i = 0; i < 6; i++) {
            upstreams.manifest("team/app", "1");
        }
        assertEquals(6, cache.requests(Match.manifests()).size(), "it is asked each time");
    }

    @Test
    void detectedLoopDoesNotOpenBreaker() {
        up.on(Match.manifests()).times(4, Fault.status(508));
        for (int i = 0; i < 4; i++) {
            failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.manifest("team/app", "1"));
        }
        assertDoesNotThrow(() -> upstreams.get().check(RequestKind.MANIFEST));
    }

    @Test
    void internalErrorForBlobDigestDoesNotOpenBreaker() {
        up.on(Match.manifests()).always(Fault.status(500));
        for (int i = 0; i < 5; i++) {
            Digest blob = image.layer(0);
            failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.get().headManifest("team/app", blob));
            failure(
                    ErrorCode.UPSTREAM_BAD_ANSWER,
                    () -> upstreams.get().manifest("team/app", blob, TestUpstreams.MAX_MANIFEST_BYTES));
        }
        assertDoesNotThrow(() -> upstreams.get().check(RequestKind.MANIFEST));
    }

    @Test
    void threeTimes503OpensBreaker() {
        up.on(Match.manifests()).times(3, Fault.status(503));
        for (int i = 0; i < 3; i++) {
            failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.get().headManifest("team/app", image.digest()));
        }
        failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstreams.get().check(RequestKind.MANIFEST));
    }

    private void referrers(ErrorCode code) {
        Digest subject = image.digest();
        RegistryException failed = assertThrows(
                RegistryException.class,
                () -> upstreams.get().list("team/app", "referrers/" + subject, "", TestUpstreams.MAX_MANIFEST_BYTES));
        assertEquals(code, failed.code(), failed.getMessage());
    }
}
