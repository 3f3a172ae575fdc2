package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.standalone.jetty.TunedServer;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.testing.SlowReaders;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Serves clients while thousands of others are slow, idle or wait for an upstream. */
@Timeout(60)
class ManyClientsTest {
    private static final int MANY = 2000;
    private static final int THREADS = 200;
    private static final int SEND_BUFFER = 16 << 10;
    private static final int SIZE = 4 << 20;
    private static final Duration QUICK = Duration.ofMillis(100);
    private static final Duration SLOWEST = Duration.ofSeconds(2);
    private static final int TRIES = 10;

    private final FakeUpstream upstream = FakeUpstream.start();
    private final FakeUpstream dead = FakeUpstream.start();
    private FakeImage image;
    private RunningRegistry registry;

    @BeforeEach
    void start(@TempDir Path directory) throws Exception {
        image = upstream.image("app", "1").layer(SIZE).layer(10_000).push();
        registry = RunningRegistry.start(
                """
                prefetch: false
                timeouts:
                  answer: 2s
                registries:
                  - name: good.example
                    endpoint: %s
                  - name: dead.example
                    endpoint: %s
                """.formatted(upstream.url(), dead.url()), directory, new TunedServer(THREADS, SEND_BUFFER)::start);
        get(manifest());
        get(blob(1));
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
        dead.close();
    }

    @Test
    void slowReadersOfStoredBlobDelayNoOtherClient() throws IOException {
        get(blob(0));
        try (SlowReaders slow = SlowReaders.connect(registry.base(), MANY)) {
            long before = usedMemory();
            slow.ask(blob(0));
            assertEquals(Set.of(200), slow.awaitHeaders());
            assertOthersAreServed();
            long each = (usedMemory() - before) / MANY;
            assertTrue(
                    each < 20_000 + Math.min(32 << 20, Runtime.getRuntime().maxMemory() / 16) / MANY,
                    each + " bytes each");
            assertArrayEquals(image.layerBytes(0), slow.resume(MANY / 2, SIZE));
        }
    }

    @Test
    void slowReadersOfDownloadDelayNoOtherClient() throws IOException {
        Gate gate = upstream.holdBlobAfter(image.layer(0), SIZE / 2);
        try (SlowReaders slow = SlowReaders.connect(registry.base(), MANY)) {
            slow.ask(blob(0));
            assertEquals(Set.of(200), slow.awaitHeaders());
            assertOthersAreServed();
            gate.release();
            assertOthersAreServed();
            assertArrayEquals(image.layerBytes(0), slow.resume(MANY / 2, SIZE));
        }
        assertEquals(1, upstream.requests(Match.blob(image.layer(0)).get()).size());
    }

    @Test
    void readersThatWaitForUpstreamDelayNoOtherClient() throws IOException {
        Gate gate = upstream.holdBlobAfter(image.layer(0), 1000);
        try (SlowReaders slow = SlowReaders.connect(registry.base(), MANY)) {
            slow.ask(blob(0));
            assertEquals(Set.of(200), slow.awaitHeaders());
            assertOthersAreServed();
            gate.release();
            assertArrayEquals(image.layerBytes(0), slow.resume(MANY / 2, SIZE));
        }
    }

    @Test
    void idleConnectionsDelayNoOtherClient() throws IOException {
        try (SlowReaders idle = SlowReaders.connect(registry.base(), MANY)) {
            assertOthersAreServed();
            idle.ask("/v2/");
            assertEquals(Set.of(200), idle.awaitHeaders());
            assertOthersAreServed();
        }
    }

    @Test
    void requestsToDeadUpstreamDelayNoOtherClient() throws IOException {
        dead.on(Match.anything()).always(new Fault.Blackhole());
        try (SlowReaders waiting = SlowReaders.connect(registry.base(), 500)) {
            waiting.ask("/v2/app/manifests/1?ns=dead.example");
            assertOthersAreServed();
            Set<Integer> statuses = waiting.awaitHeaders();
            assertTrue(Set.of(503, 504).containsAll(statuses), statuses::toString);
        }
    }

    private void assertOthersAreServed() throws IOException {
        for (String path : new String[] {"/v2/", "/readyz", manifest(), blob(1)}) {
            Duration best = SLOWEST;
            for (int i = 0; i < TRIES; i++) {
                Duration time = timeOf(path);
                assertTrue(time.compareTo(SLOWEST) < 0, () -> path + " took " + time);
                best = time.compareTo(best) < 0 ? time : best;
            }
            assertTrue(best.compareTo(QUICK) < 0, path + " took at best " + best);
        }
        long threads = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("http-"))
                .count();
        assertTrue(threads <= THREADS, threads + " threads");
    }

    private Duration timeOf(String path) throws IOException {
        long start = System.nanoTime();
        Response answer = get(path);
        assertEquals(200, answer.status());
        assertTrue(answer.complete());
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private Response get(String path) throws IOException {
        return RawHttp.get(registry.base(), path);
    }

    private static long usedMemory() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static String manifest() {
        return "/v2/app/manifests/1?ns=good.example";
    }

    private String blob(int layer) {
        return "/v2/app/blobs/" + image.layer(layer) + "?ns=good.example";
    }
}
