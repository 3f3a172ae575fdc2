package io.ociregistry.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The row of the matrix that takes longest, with the deadlines that are shipped. */
@Timeout(60)
class RealDeadlinesTest {
    private static final Duration HOPELESS = Duration.ofSeconds(10);
    private static final Duration KNOWN_TO_BE_DOWN = Duration.ofMillis(100);
    private static final int TRIES = 5;

    private static final Digest DIGEST = Digest.of("nothing".getBytes(StandardCharsets.UTF_8));

    @TempDir
    Path images;

    @ParameterizedTest
    @ValueSource(strings = {"manifests/1.0", "manifests/", "blobs/"})
    void aBlackholeIsAnsweredInTime_andAtOnceWhileItIsKnown(String what) throws Exception {
        String path = "/v2/team/app/" + what + (what.endsWith("/") ? DIGEST : "") + "?ns=r.example";
        try (FakeUpstream upstream = FakeUpstream.start();
                RunningRegistry registry = RunningRegistry.start(
                        "registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n", images)) {
            upstream.on(Match.anything()).always(new Fault.Blackhole());
            assertShorter(HOPELESS, ask(registry, path));
            Duration quickest = HOPELESS;
            for (int i = 0; i < TRIES; i++) {
                Duration time = ask(registry, path);
                quickest = time.compareTo(quickest) < 0 ? time : quickest;
            }
            assertShorter(KNOWN_TO_BE_DOWN, quickest);
        }
    }

    /** How long it takes to be told that the upstream can't be reached. */
    private static Duration ask(RunningRegistry registry, String path) throws IOException {
        long begin = System.nanoTime();
        Response answer = RawHttp.get(registry.base(), path);
        Duration time = Duration.ofNanos(System.nanoTime() - begin);
        assertEquals(503, answer.status(), answer::toString);
        assertTrue(answer.text().contains("\"code\":\"UNAVAILABLE\""), answer.text());
        return time;
    }

    private static void assertShorter(Duration limit, Duration time) {
        assertTrue(time.compareTo(limit) < 0, () -> time + " is not shorter than " + limit);
    }
}
