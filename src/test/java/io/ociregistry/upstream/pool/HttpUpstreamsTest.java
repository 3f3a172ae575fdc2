package io.ociregistry.upstream.pool;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.model.Timeouts;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded.Kind;
import io.ociregistry.tls.SystemTrust;
import io.ociregistry.upstream.Priority;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.UpstreamTestBase;
import io.ociregistry.upstream.Upstreams;
import io.ociregistry.upstream.health.Breaker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Upstreams do not delay each other. */
class HttpUpstreamsTest extends UpstreamTestBase {
    private static final Breaker.ProbeSchedule FAST =
            new Breaker.ProbeSchedule(Duration.ofMillis(20), Duration.ofMillis(20));

    @Test
    void silentUpstreamDoesNotDelayProbesOfOthers() {
        FakeUpstream silent = started(FakeUpstream.start());
        FakeUpstream back = started(FakeUpstream.start());
        Gate held = silent.hold(Match.of(Kind.PING));
        // The answer timeout is longer than this test.
        Timeouts timeouts = new Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofMinutes(5));
        HttpUpstreams upstreams = new HttpUpstreams(
                ServerConfig.defaults()
                        .with(ServerKeys.TIMEOUTS, timeouts)
                        .with(
                                ServerKeys.REGISTRIES,
                                List.of(
                                        UpstreamConfig.of("silent.example").withEndpoint(silent.url()),
                                        UpstreamConfig.of("back.example").withEndpoint(back.url()))),
                host -> List.of(address(host)),
                SystemTrust.ofThisMachine(),
                FAST);
        try (upstreams) {
            goDown(silent, upstreams.get(RegistryName.parse("silent.example")));
            held.awaitReached();
            Upstream other = upstreams.get(RegistryName.parse("back.example"));
            goDown(back, other);
            while (isDown(other)) {
                assertFalse(Thread.currentThread().isInterrupted(), "time is over");
            }
        } finally {
            held.release();
        }
    }

    @Test
    void closingManyBusyUpstreamsTakesOneTimeout() throws Exception {
        List<UpstreamConfig> many = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            many.add(UpstreamConfig.of("r" + i + ".example").withEndpoint("http://localhost:1"));
        }
        Upstreams upstreams = upstreams(many.toArray(UpstreamConfig[]::new));
        CountDownLatch running = new CountDownLatch(20);
        CountDownLatch interrupted = new CountDownLatch(20);
        for (UpstreamConfig each : many) {
            Upstream upstream = upstreams.get(RegistryName.parse(each.name()));
            upstream.blobs(Priority.CLIENT).execute(() -> waitFor(running, interrupted));
            upstream.metadata(Priority.CLIENT).execute(() -> waitFor(running, interrupted));
        }
        running.await();
        assertTimeout(Duration.ofSeconds(10), upstreams::close);
        assertTrue(interrupted.await(10, TimeUnit.SECONDS));
    }

    private static void waitFor(CountDownLatch running, CountDownLatch interrupted) {
        running.countDown();
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            interrupted.countDown();
        }
    }

    private static void goDown(FakeUpstream fake, Upstream upstream) {
        fake.on(Match.manifests()).always(Fault.status(503));
        for (int i = 0; i < 3; i++) {
            assertThrows(RegistryException.class, () -> manifest(upstream));
        }
    }

    private static boolean isDown(Upstream upstream) {
        try {
            upstream.check(RequestKind.MANIFEST);
            return false;
        } catch (RegistryException down) {
            return true;
        }
    }
}
