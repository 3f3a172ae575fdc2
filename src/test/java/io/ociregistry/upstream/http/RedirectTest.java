package io.ociregistry.upstream.http;

import static io.ociregistry.upstream.pool.TestUpstreams.assertHolds;
import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.upstream.BlobAnswer;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class RedirectTest {
    private static final Match TOKEN = Match.of(Recorded.Kind.TOKEN);

    private final FakeUpstream up = FakeUpstream.start();
    private final FakeUpstream other = FakeUpstream.start();
    private final FakeImage image = up.image("team/app", "1").layer(1000).push();
    private final FakeImage same = other.image("team/app", "1").layer(1000).push();
    private TestUpstreams upstreams = TestUpstreams.of(up);

    @AfterEach
    void stop() {
        upstreams.close();
        up.close();
        other.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void redirectKeepsMethodAndHeaders(int status) {
        up.on(Match.manifests())
                .always(Fault.status(status).header("Location", other.url() + "/v2/team/app/manifests/1"));
        assertArrayEquals(same.manifest(), upstreams.manifest("team/app", "1").bytes());
        assertEquals(
                same.manifest().length,
                upstreams.get().headManifest("team/app", image.digest()).size().orElseThrow());
        assertEquals(
                List.of("GET", "HEAD"),
                other.requests().stream().map(Recorded::method).toList());
        assertEquals(
                up.requests().get(0).header("Accept"), other.requests().get(0).header("Accept"));
    }

    @Test
    void redirectKeepsRange() throws IOException {
        up.redirectBlobsTo(other);
        try (BlobAnswer blob = upstreams.get().blob("team/app", image.layer(0), 990)) {
            assertEquals(990, blob.from());
            assertEquals(10, blob.body().readAllBytes().length);
        }
        assertEquals(Optional.of("bytes=990-"), other.requests().get(0).header("Range"));
    }

    @Test
    void redirectToSameOriginKeepsAuthorization() {
        up.requireAnonymousBearer();
        up.image("team/app", "moved").push();
        up.on(Match.manifest("1")).always(new Fault.RedirectTo("/v2/team/app/manifests/moved"));
        upstreams.manifest("team/app", "1");
        List<Recorded> manifests = up.requests(Match.manifests());
        assertEquals(3, manifests.size());
        assertEquals(manifests.get(1).header("Authorization"), manifests.get(2).header("Authorization"));
    }

    @Test
    void redirectToOtherOriginDropsAuthorization() {
        up.requireAnonymousBearer();
        up.on(Match.manifests()).always(new Fault.RedirectTo(other.url() + "/v2/team/app/manifests/1"));
        upstreams.manifest("team/app", "1");
        assertEquals(Optional.empty(), other.requests().get(0).header("Authorization"));
    }

    @Test
    void otherOriginGetsAnonymousToken() {
        upstreams = TestUpstreams.of(up, AuthConfig.basic("robot", "s3cret"));
        up.requireBasic("robot", "s3cret");
        other.requireAnonymousBearer();
        up.on(Match.manifests()).always(new Fault.RedirectTo(other.url() + "/v2/team/app/manifests/1"));
        assertArrayEquals(same.manifest(), upstreams.manifest("team/app", "1").bytes());
        assertEquals(Optional.empty(), other.requests(TOKEN).get(0).header("Authorization"));
        assertTrue(!other.requests(TOKEN).get(0).query().contains("robot"));
    }

    @Test
    void tokenRefusedByRedirectTargetIsReplaced() {
        other.requireAnonymousBearer();
        up.on(Match.manifests()).always(new Fault.RedirectTo(other.url() + "/v2/team/app/manifests/1"));
        upstreams.manifest("team/app", "1");
        other.revokeTokens();
        upstreams.manifest("team/app", "1");
        assertEquals(2, other.requests(TOKEN).size());
    }

    @Test
    void tokenRefusedByRedirectTargetIsNotCached() {
        other.requireAnonymousBearer().tokensLive(Duration.ZERO);
        up.on(Match.manifests()).always(new Fault.RedirectTo(other.url() + "/v2/team/app/manifests/1"));
        failure(ErrorCode.DENIED, () -> upstreams.manifest("team/app", "1"));
        assertEquals(2, other.requests(TOKEN).size());
        other.tokensLive(Duration.ofMinutes(5));
        upstreams.manifest("team/app", "1");
    }

    @Test
    void redirectLoopEnds() {
        up.on(Match.manifests()).always(new Fault.RedirectLoop());
        RegistryException bad = failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.manifest("team/app", "1"));
        assertHolds("more than 10 times", bad.getMessage());
        assertEquals(11, up.requests().size());
    }

    @Test
    void redirectLoopOverTwoOriginsEnds() {
        up.requireAnonymousBearer();
        other.requireAnonymousBearer();
        up.on(Match.manifests()).always(new Fault.RedirectTo(other.url() + "/v2/team/app/manifests/1"));
        other.on(Match.manifests()).always(new Fault.RedirectTo(up.url() + "/v2/team/app/manifests/1"));
        failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.manifest("team/app", "1"));
        assertEquals(1, up.requests(TOKEN).size());
    }

    @Test
    void redirectFromHttpsToHttpIsRejected(@TempDir Path dir) {
        TestCertificates authority = TestCertificates.create();
        try (FakeUpstream safe = FakeUpstream.startTls(authority.server())) {
            upstreams = TestUpstreams.of(
                    safe,
                    AuthConfig.ANONYMOUS,
                    new TlsConfig(Optional.of(authority.caPem(dir)), Optional.empty(), Optional.empty(), false));
            safe.on(Match.manifests()).always(new Fault.RedirectTo(other.url() + "/v2/team/app/manifests/1"));
            RegistryException bad = failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.manifest("team/app", "1"));
            assertHolds("from https to http://", bad.getMessage());
            assertEquals(0, other.connections());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../../other/manifests/1",
                "/v2/team/other/manifests/1",
                "//127.0.0.1:PORT/v2/team/other/manifests/1"
            })
    void followsRelativeLocation(String location) {
        FakeImage moved = up.image("team/other", "1").push();
        up.on(Match.manifests().in("team/app"))
                .always(new Fault.RedirectTo(location.replace("PORT", Integer.toString(up.port()))));
        assertArrayEquals(moved.manifest(), upstreams.manifest("team/app", "1").bytes());
    }

    @Test
    void queryOnlyLocationKeepsPath() {
        up.on(Match.manifests()).once(new Fault.RedirectTo("?again=1"));
        assertArrayEquals(image.manifest(), upstreams.manifest("team/app", "1").bytes());
        assertEquals(
                "GET /v2/team/app/manifests/1?again=1 200", up.requests().get(1).toString());
    }

    @Test
    void missingLocationIsBadAnswer() {
        up.on(Match.manifests()).always(Fault.status(307));
        failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.manifest("team/app", "1"));
        assertEquals(1, up.requests().size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "http://",
                "http:///x",
                "http://:1/",
                "ftp://127.0.0.1/",
                "file:///etc/passwd",
                "javascript:x",
                "http://user:pw@127.0.0.1/",
                "http://127.0.0.1:99999/",
                "http://127.0.0.1:0/",
                "http://127.0.0.1:x/",
                "http://[::1/",
                "http://a b/",
                "http://127.0.0.1/%zz?s1gnature=x",
                "http:127.0.0.1",
                "#x"
            })
    void invalidLocationIsBadAnswerAndNotShown(String location) {
        up.on(Match.manifests()).always(Fault.status(307).header("Location", location));
        RegistryException bad = failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.manifest("team/app", "1"));
        assertHolds("GET manifest registry.example.com/team/app:1: ", bad.getMessage());
        assertFalse(bad.getMessage().contains("s1gnature"), "presigned URLs are secrets: " + bad.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/storage/x?sig=%2F%2f+a%20b&&x=&y",
                "//storage//x?a=/../b",
                "/storage/%2e%2e/./x;v=1?~!*'()=@:",
                "/s%C3%A4/?%E2%82%AC=%00",
                "/?",
            })
    void presignedUrlIsSentUnchanged(String target) {
        up.on(Match.manifests()).always(new Fault.RedirectTo(other.url() + target));
        other.on(Match.anything()).always(Fault.status(200).body("{}"));
        upstreams.manifest("team/app", "1");
        Recorded seen = other.requests().get(0);
        String query = target.endsWith("?") ? "?" : seen.query().isEmpty() ? "" : "?" + seen.query();
        assertEquals(target, seen.path() + query);
    }
}
