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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks the slowest row of the matrix with the default deadlines. */
@Timeout(60)
class RealDeadlinesTest {
    private static final Duration HOPELESS = Duration.ofSeconds(10);
    private static final Duration KNOWN_TO_BE_DOWN = Duration.ofMillis(100);
    private static final int TRIES = 5;

    private static final Digest DIGEST = Digest.of("nothing".getBytes(StandardCharsets.UTF_8));
    private static final List<String> PATHS =
            List.of("manifests/1.0", "manifests/" + DIGEST, "blobs/" + DIGEST, "referrers/" + DIGEST);

    @Test
    void unreachableUpstreamIsReportedInTimeAndThenAtOnce(@TempDir Path images) throws Exception {
        StringBuilder yaml = new StringBuilder("registries:\n");
        List<FakeUpstream> upstreams = new ArrayList<>();
        for (String path : PATHS) {
            FakeUpstream upstream = FakeUpstream.start();
            upstreams.add(upstream);
            upstream.on(Match.anything()).always(new Fault.Blackhole());
            yaml.append("- {name: " + host(path) + ", endpoint: '" + upstream.url() + "'}\n");
        }
        ExecutorService clients = Executors.newFixedThreadPool(PATHS.size());
        try (RunningRegistry registry = RunningRegistry.start(yaml.toString(), images)) {
            List<Callable<Duration>> first = PATHS.stream()
                    .<Callable<Duration>>map(path -> () -> ask(registry, path))
                    .toList();
            for (Future<Duration> time : clients.invokeAll(first)) {
                assertShorter(HOPELESS, time.get());
            }
            for (String path : PATHS) {
                assertShorter(KNOWN_TO_BE_DOWN, quickest(registry, path));
            }
        } finally {
            clients.shutdownNow();
            upstreams.forEach(FakeUpstream::close);
        }
    }

    /** Returns the shortest time of several attempts, because a busy machine may be slow once. */
    private static Duration quickest(RunningRegistry registry, String path) throws IOException {
        Duration quickest = HOPELESS;
        for (int i = 0; i < TRIES; i++) {
            Duration time = ask(registry, path);
            quickest = time.compareTo(quickest) < 0 ? time : quickest;
        }
        return quickest;
    }

    /** Returns the time to the answer that the upstream is unreachable. */
    private static Duration ask(RunningRegistry registry, String path) throws IOException {
        long start = System.nanoTime();
        Response answer = RawHttp.get(registry.base(), "/v2/team/app/" + path + "?ns=" + host(path));
        Duration time = Duration.ofNanos(System.nanoTime() - start);
        assertEquals(503, answer.status(), answer::toString);
        assertTrue(answer.text().contains("\"code\":\"UNAVAILABLE\""), answer.text());
        return time;
    }

    private static String host(String path) {
        return "r" + PATHS.indexOf(path) + ".example";
    }

    private static void assertShorter(Duration limit, Duration time) {
        assertTrue(time.compareTo(limit) < 0, () -> time + " is not shorter than " + limit);
    }
}
