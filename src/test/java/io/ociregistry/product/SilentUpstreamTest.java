package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.registry.ContextWith;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.upstream.pool.FastProbingUpstreams;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * An upstream that takes connections and requests and never answers is remembered like an upstream that refuses
 * connections.
 */
@Timeout(120)
class SilentUpstreamTest {
    private static final int TAGS = 20;
    /** A third of {@code timeouts.answer}: how long a client waits to whom a cached answer can be given. */
    private static final Duration PATIENCE = Duration.ofMillis(1500);

    private static final Match PING = Match.of(Recorded.Kind.PING);

    @TempDir
    Path images;

    private FakeUpstream upstream;
    private FakeUpstream mirror;
    private RunningRegistry registry;

    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        mirror = FakeUpstream.start();
        for (int i = 0; i < TAGS; i++) {
            upstream.image("team/app", "v" + i).layer(100_000 + i).push();
            mirror.image("team/app", "v" + i).layer(100_000 + i).push();
        }
        registry = startWith("");
    }

    private RunningRegistry startWith(String more) throws Exception {
        return RunningRegistry.startOpened(
                """
                prefetch: false
                timeouts: {answer: 4500ms, connect: 2s, stall: 20s}
                registries:
                - name: r.example
                  endpoint: %s
                  tags: [{pattern: '*', policy: always}]
                %s
                """.formatted(upstream.url(), more),
                images,
                config -> ContextWith.upstreams(
                        config,
                        FastProbingUpstreams.of(config, host -> List.of(InetAddress.getLoopbackAddress())),
                        Clock.systemUTC()));
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
        mirror.close();
    }

    @Test
    void cachedTagsShareOneTimeoutUntilProbeSucceeds() throws Exception {
        pullAll();
        silence();

        Duration all = time(this::assertAllAreStale);
        assertTrue(all.compareTo(PATIENCE.multipliedBy(2)) < 0, all::toString);

        Await.until("an upstream that is down", () -> get("none").text().contains("is down"));
        assertTrue(time(this::assertAllAreStale).compareTo(PATIENCE) < 0);

        upstream.heal();
        Await.until("an answer without a warning", () -> !get("v0").headers().has("Warning"));
        assertTrue(time(this::pullAll).compareTo(PATIENCE) < 0, "no request of before is in the way");
    }

    @Test
    void requestsDuringSilenceAreSentAgain() throws Exception {
        silence();
        CompletableFuture<Response> cold = CompletableFuture.supplyAsync(() -> unchecked("v1"));
        Await.until("the request", () -> upstream.requests(Match.manifests()).size() == 1);
        assertEquals(504, cold.get().status());
        Await.until("an upstream that is down", () -> get("none").text().contains("is down"));
        upstream.heal();
        Await.until(
                "the manifest", () -> upstream.requests(Match.manifest("v1")).size() > 1);
    }

    @Test
    void slowUpstreamIsNotDown() throws Exception {
        pullAll();
        try (LogLines log = LogLines.of("io.ociregistry.upstream")) {
            Gate answers = upstream.hold(Match.anything());
            assertTrue(get("v0").headers().has("Warning"));
            Duration others = time(() -> {
                for (int i = 1; i < TAGS; i++) {
                    assertTrue(get("v" + i).headers().has("Warning"));
                }
            });
            assertTrue(others.compareTo(PATIENCE) < 0, others::toString);
            answers.release();
            Await.until(
                    "all revalidations",
                    () -> upstream.requests(Match.manifests()).stream()
                                    .filter(request -> request.method().equals("HEAD"))
                                    .map(Recorded::reference)
                                    .distinct()
                                    .count()
                            == TAGS);
            pullAll();
            assertFalse(log.text().contains("is down"), log::text);
        }
    }

    @Test
    void singleSlowRequestIsNotSilence() throws Exception {
        Gate one = upstream.hold(Match.manifest("v0"));
        CompletableFuture<Response> slow = CompletableFuture.supplyAsync(() -> unchecked("v0"));
        one.awaitReached();
        Gate probe = upstream.hold(PING);
        probe.awaitReached();
        probe.release();
        assertEquals(504, slow.get().status());
        assertEquals(200, get("v1").status());
        one.release();
        Await.until("the slow one", () -> get("v0").status() == 200);
    }

    @Test
    void arrivingBlobsShowThatUpstreamWorks() throws Exception {
        FakeImage big = upstream.image("team/big", "1").layer(3_000_000).push();
        upstream.on(Match.blob(big.layer(0)).get()).always(Fault.trickle(400_000));
        assertEquals(
                200,
                RawHttp.get(registry.base(), "/v2/team/big/manifests/1?ns=r.example")
                        .status());
        CompletableFuture<Response> layer = CompletableFuture.supplyAsync(
                () -> uncheckedPath("/v2/team/big/blobs/" + big.layer(0) + "?ns=r.example"));
        Await.until("the blob", () -> !upstream.requests(Match.blobs()).isEmpty());
        upstream.on(Match.manifest("v1")).always(new Fault.NoAnswer());
        upstream.on(PING).always(new Fault.NoAnswer());

        assertEquals(504, get("v1").status());

        assertEquals(404, get("none").status(), "it is still asked");
        assertArrayEquals(big.layerBytes(0), layer.get().body());
    }

    @Test
    void silentMirrorIsSkipped() throws Exception {
        registry.close();
        registry = startWith("  mirrors: [{url: '" + mirror.url() + "'}]");
        pullAll();
        mirror.on(Match.anything()).always(new Fault.NoAnswer());
        Duration all = time(() -> {
            for (int i = 0; i < TAGS; i++) {
                get("v" + i);
            }
        });
        assertTrue(all.compareTo(PATIENCE.multipliedBy(2)) < 0, all::toString);
        assertFalse(get("v" + (TAGS - 1)).headers().has("Warning"));
    }

    private void silence() {
        upstream.on(Match.anything()).always(new Fault.NoAnswer());
    }

    private void pullAll() throws Exception {
        for (int i = 0; i < TAGS; i++) {
            Response answer = get("v" + i);
            assertEquals(200, answer.status(), answer::toString);
            assertFalse(answer.headers().has("Warning"), answer::toString);
        }
    }

    private void assertAllAreStale() throws Exception {
        for (int i = 0; i < TAGS; i++) {
            Response answer = get("v" + i);
            assertEquals(200, answer.status(), answer::toString);
            assertTrue(answer.headers().has("Warning"), answer::toString);
        }
    }

    private interface Work {
        void run() throws Exception;
    }

    private static Duration time(Work work) throws Exception {
        long start = System.nanoTime();
        work.run();
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private Response get(String tag) throws Exception {
        return RawHttp.get(registry.base(), path(tag));
    }

    private Response unchecked(String tag) {
        return uncheckedPath(path(tag));
    }

    private Response uncheckedPath(String path) {
        try {
            return RawHttp.get(registry.base(), path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String path(String tag) {
        return "/v2/team/app/manifests/" + tag + "?ns=r.example";
    }
}
