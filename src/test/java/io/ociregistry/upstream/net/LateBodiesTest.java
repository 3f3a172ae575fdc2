package io.ociregistry.upstream.net;

import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Answers whose status and headers arrive long before their body, which changes nothing. */
@Timeout(30)
class LateBodiesTest {
    private static final Match PING = Match.of(Recorded.Kind.PING);
    private static final Match TOKEN = Match.of(Recorded.Kind.TOKEN);

    @Test
    void probeNeedsOnlyTheHeaders() throws Exception {
        try (FakeUpstream up = FakeUpstream.start();
                TestUpstreams upstreams = TestUpstreams.of(up)) {
            assertProbeIsAnswered(up, upstreams);
        }
    }

    @Test
    void probeNeedsOnlyTheHeadersOverTls(@TempDir Path directory) throws Exception {
        TestCertificates authority = TestCertificates.create();
        TlsConfig tls =
                new TlsConfig(Optional.of(authority.caPem(directory)), Optional.empty(), Optional.empty(), false);
        try (FakeUpstream up = FakeUpstream.startTls(authority.server("127.0.0.1"));
                TestUpstreams upstreams = TestUpstreams.of(up, AuthConfig.ANONYMOUS, tls)) {
            assertProbeIsAnswered(up, upstreams);
        }
    }

    private static void assertProbeIsAnswered(FakeUpstream up, TestUpstreams upstreams) throws Exception {
        FakeImage image = up.image("team/app", "1").push();
        upstreams.withProbes(Duration.ofMillis(50));
        up.refuseConnections();
        failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstreams.manifest("team/app", "1"));
        up.on(PING).always(Fault.stallAfter(0));
        up.heal();
        up.on(PING).always(Fault.stallAfter(0));

        Await.until("the end of the outage", () -> isUp(upstreams));

        assertArrayEquals(image.manifest(), upstreams.manifest("team/app", "1").bytes());
    }

    @Test
    void challengeIsAnsweredBeforeItsBodyArrives() {
        try (FakeUpstream up = FakeUpstream.start();
                TestUpstreams upstreams = TestUpstreams.of(up)) {
            FakeImage image = up.image("team/app", "1").push();
            up.on(Match.manifests()).once(Fault.status(401));
            up.on(PING)
                    .always(Fault.status(401)
                            .header("WWW-Authenticate", "Bearer realm=\"" + up.url() + "/token\",service=\"s\"")
                            .and(Fault.stallAfter(0)));
            up.on(TOKEN).always(Fault.status(200).body("{\"token\":\"t\"}"));

            assertArrayEquals(
                    image.manifest(), upstreams.manifest("team/app", "1").bytes());
            assertEquals(
                    Optional.of("Bearer t"),
                    up.requests(Match.manifests()).get(1).header("Authorization"));
        }
    }

    @Test
    void tokenRefusalIsKnownBeforeItsBodyArrives() {
        try (FakeUpstream up = FakeUpstream.start();
                TestUpstreams upstreams = TestUpstreams.of(up)) {
            up.image("team/app", "1").push();
            up.requireAnonymousBearer();
            up.on(TOKEN).always(Fault.status(403).and(Fault.stallAfter(0)));

            failure(ErrorCode.DENIED, () -> upstreams.manifest("team/app", "1"));
        }
    }

    private static boolean isUp(TestUpstreams upstreams) {
        try {
            upstreams.get().check(RequestKind.MANIFEST);
            return true;
        } catch (RegistryException down) {
            return false;
        }
    }
}
