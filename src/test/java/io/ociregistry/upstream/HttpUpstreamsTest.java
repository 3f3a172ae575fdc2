package io.ociregistry.upstream;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.Timeouts;
import io.ociregistry.config.UpstreamConfig;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded.Kind;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What upstreams have in common, and must not suffer from each other. */
class HttpUpstreamsTest extends UpstreamTest {
    private static final Breaker.Pace FAST =
            new Breaker.Pace(Duration.ofMillis(20), Duration.ofMillis(20), Duration.ofDays(1));

    @Test
    void whereOneLeavesItsProbesUnanswered_theOthersAreFoundToBeBack() {
        FakeUpstream silent = started(FakeUpstream.start());
        FakeUpstream back = started(FakeUpstream.start());
        Gate held = silent.hold(Match.of(Kind.PING));
        // Longer than this test.
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
                FAST);
        try (upstreams) {
            goDown(silent, upstreams.get(RegistryName.parse("silent.example")));
            held.awaitReached();
            Upstream other = upstreams.get(RegistryName.parse("back.example"));
            goDown(back, other);
            while (isDown(other)) {
                Thread.onSpinWait();
            }
        } finally {
            held.release();
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
