package io.ociregistry.upstream.net;

import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.upstream.BlobAnswer;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dead kept connections to a healthy registry, as after the restart of a NAT. */
@Timeout(60)
class DeadConnectionsTest {
    /** The timeout of a request for which there is a cached answer. */
    private static final Duration IN_TIME = Duration.ofSeconds(3);

    private static final Duration AT_ONCE = Duration.ofSeconds(1);
    private static final int CONNECTIONS = 4;

    private final TestCertificates authority = TestCertificates.create();
    private FakeUpstream up = FakeUpstream.start();
    private TestUpstreams upstreams = TestUpstreams.of(up);
    private FakeImage image = up.image("team/app", "1").layer(1000).push();

    @AfterEach
    void stop() {
        upstreams.close();
        up.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void requestIsSentAgainAndOldIdleConnectionsAreClosed(boolean tls, @TempDir Path directory) throws Exception {
        if (tls) {
            overTls(directory);
        }
        openConnections();
        pullBlob();
        up.swallowConnections();
        up.forgetRequests();

        assertWithin(IN_TIME, this::pull);
        assertWithin(AT_ONCE, this::pull);
        assertWithin(AT_ONCE, this::pullBlob);

        assertEquals(2, up.requests(Match.manifests()).size());
        assertEquals(CONNECTIONS + 3, up.connections());
        Await.until("the end of the silent connections", () -> up.openConnections() == 2);
    }

    @Test
    void tokenRequestIsSentAgain() throws Exception {
        try (FakeUpstream tokens = FakeUpstream.start()) {
            tokens.requireAnonymousBearer();
            up.tokensFrom(tokens);
            pull();
            up.revokeTokens();
            tokens.swallowConnections();
            assertWithin(IN_TIME, this::pull);
            assertEquals(2, tokens.connections());
        }
    }

    @Test
    void probeUsesANewConnection() throws Exception {
        upstreams.withProbes(Duration.ofMillis(50));
        up.on(Match.manifests()).times(3, Fault.status(503));
        for (int i = 0; i < 2; i++) {
            failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.manifest("team/app", "1"));
        }
        Gate gate = up.hold(Match.manifests());
        ExecutorService client = Executors.newSingleThreadExecutor();
        try {
            Future<?> third = client.submit(
                    () -> failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams.manifest("team/app", "1")));
            gate.awaitReached();
            up.swallowConnections();
            gate.release();
            third.get();
        } finally {
            client.shutdownNow();
        }
        failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstreams.get().check(RequestKind.MANIFEST));
        assertWithin(Duration.ofSeconds(5), () -> Await.until("the end of the outage", this::isUp));
        pull();
    }

    @Test
    void silentNewConnectionIsAFailure() throws Exception {
        upstreams.withStallTimeout(Duration.ofMillis(300));
        up.on(Match.manifests()).always(new Fault.NoAnswer());
        failure(ErrorCode.UPSTREAM_TIMEOUT, () -> upstreams.manifest("team/app", "1"));
        assertEquals(1, up.requests(Match.manifests()).size());
    }

    private void overTls(Path directory) throws IOException {
        stop();
        up = FakeUpstream.startTls(authority.server("127.0.0.1"));
        image = up.image("team/app", "1").layer(1000).push();
        TlsConfig tls =
                new TlsConfig(Optional.of(authority.caPem(directory)), Optional.empty(), Optional.empty(), false);
        upstreams = TestUpstreams.of(up, AuthConfig.ANONYMOUS, tls);
    }

    /** Opens several connections, all of which are idle in the end. */
    private void openConnections() throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(CONNECTIONS);
        try {
            List<Future<?>> pulls = new ArrayList<>();
            Gate gate = up.hold(Match.manifests());
            for (int i = 0; i < CONNECTIONS; i++) {
                pulls.add(clients.submit(this::pull));
            }
            Await.until("all connections", () -> up.requests(Match.manifests()).size() == CONNECTIONS);
            gate.release();
            for (Future<?> each : pulls) {
                each.get();
            }
        } finally {
            clients.shutdownNow();
        }
    }

    private void pull() {
        assertArrayEquals(image.manifest(), upstreams.manifest("team/app", "1").bytes());
    }

    private void pullBlob() throws IOException {
        try (BlobAnswer answer = upstreams.get().blob("team/app", image.layer(0), 0)) {
            assertArrayEquals(image.layerBytes(0), answer.body().readAllBytes());
        }
    }

    private boolean isUp() {
        try {
            upstreams.get().check(RequestKind.MANIFEST);
            return true;
        } catch (RegistryException down) {
            return false;
        }
    }

    private interface Work {
        void run() throws Exception;
    }

    private static void assertWithin(Duration limit, Work work) throws Exception {
        long start = System.nanoTime();
        work.run();
        Duration taken = Duration.ofNanos(System.nanoTime() - start);
        assertTrue(taken.compareTo(limit) < 0, taken::toString);
    }
}
