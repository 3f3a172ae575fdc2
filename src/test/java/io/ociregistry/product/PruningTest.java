package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.registry.prune.PrunePolicy;
import io.ociregistry.registry.prune.PruneReport;
import io.ociregistry.registry.prune.PruneRequest;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Prunes the cache while clients pull. */
@Timeout(60)
class PruningTest {
    @TempDir
    Path images;

    private final Content base = Content.random(1, 200_000);
    private FakeUpstream upstream;

    @BeforeEach
    void start() {
        upstream = FakeUpstream.start();
    }

    @AfterEach
    void stop() {
        upstream.close();
    }

    @Test
    void pullsOfKeptImagesSucceedDuringPrune() throws Exception {
        List<FakeImage> staying = images("stays", 3, 60_000);
        List<FakeImage> going = images("goes", 6, 60_000);
        ExecutorService clients = Executors.newFixedThreadPool(4);
        try (RunningRegistry registry = open("")) {
            AtomicBoolean over = new AtomicBoolean();
            AtomicInteger pulls = new AtomicInteger();
            for (FakeImage image : staying) {
                pull(registry, image);
            }
            List<Future<?>> pulling = new ArrayList<>();
            for (FakeImage image : staying) {
                pulling.add(clients.submit(() -> {
                    while (!over.get()) {
                        pull(registry, image);
                        pulls.incrementAndGet();
                    }
                    return null;
                }));
            }
            for (int round = 0; round < 3; round++) {
                for (FakeImage image : going) {
                    pull(registry, image);
                }
                PruneReport report = prune(registry, "/goes");
                // The last image may still have a transfer in flight, although its client has all bytes.
                assertTrue(report.records() >= going.size() - 1, report.lines().toString());
            }
            over.set(true);
            for (Future<?> each : pulling) {
                each.get();
            }
            assertTrue(pulls.get() > 5, pulls.toString());
            upstream.close();
            for (FakeImage image : staying) {
                pull(registry, image);
            }
        } finally {
            clients.shutdownNow();
        }
    }

    @Test
    void readerGetsAllOfPrunedBlob() throws Exception {
        FakeImage image = images("goes", 1, 60_000).get(0);
        try (RunningRegistry registry = open("prefetch: false\n")) {
            assertEquals(200, get(registry, manifest(image)).status());
            Gate half = upstream.holdBlobAfter(image.layer(1), 30_000);
            ExecutorService client = Executors.newSingleThreadExecutor();
            try {
                Future<Response> body = client.submit(() -> get(registry, blob(image, 1)));
                half.awaitReached();
                PruneReport report = prune(registry, "/goes");
                assertEquals(0, report.records());
                assertTrue(
                        report.kept().get(0).endsWith("has a download in flight"),
                        report.kept().toString());
                half.release();
                assertArrayEquals(image.layerBytes(1), body.get().body());
            } finally {
                client.shutdownNow();
            }
        }
    }

    @Test
    void prunedImageIsFetchedCompletelyAgain() throws Exception {
        FakeImage image = images("goes", 1, 60_000).get(0);
        try (RunningRegistry registry = open("")) {
            for (int round = 0; round < 2; round++) {
                assertEquals(200, get(registry, manifest(image)).status());
                await(() -> isHere(image.config().digest()) && isHere(image.layer(0)) && isHere(image.layer(1)));
                // The prefetch ends a moment after its files are visible.
                await(() -> prune(registry, "/goes").records() == 1);
            }
        }
    }

    @Test
    void configurationPrunesInBackground() throws Exception {
        FakeImage going = images("goes", 1, 1000).get(0);
        FakeImage staying = images("stays", 1, 1000).get(0);
        try (RunningRegistry registry =
                open("pruneConfig: {enabled: true, type: pattern, expr: /goes, frequency: 1s}\n")) {
            pull(registry, staying);
            assertEquals(200, get(registry, manifest(going)).status());
            await(() ->
                    !Files.exists(images.resolve("img").resolve(going.digest().hex())));
            assertTrue(
                    Files.exists(images.resolve("img").resolve(staying.digest().hex())));
        }
    }

    @Test
    void cacheStaysInItsQuotaAndKeepsLatestPulls() throws Exception {
        long max = 2_000_000;
        List<FakeImage> all = images("app", 15, 200_000);
        AtomicBoolean over = new AtomicBoolean();
        ExecutorService watcher = Executors.newSingleThreadExecutor();
        try (RunningRegistry registry = open("prefetch: false\ncache: {maxSize: " + max + "}\n")) {
            Future<Long> most = watcher.submit(() -> {
                long peak = 0;
                while (!over.get()) {
                    peak = Math.max(peak, bytes());
                }
                return peak;
            });
            for (FakeImage image : all) {
                pull(registry, image);
            }
            over.set(true);
            long peak = most.get();
            assertTrue(peak <= max, peak + " bytes");
            assertTrue(peak > max / 2, "it was used: " + peak);
            upstream.close();
            pull(registry, all.get(all.size() - 1));
            assertEquals(503, get(registry, manifest(all.get(0))).status(), "the first had to go");
        } finally {
            over.set(true);
            watcher.shutdownNow();
        }
    }

    @Test
    void newContentPassesThroughIfAllIsPinned() throws Exception {
        FakeImage pinned = images("pinned", 1, 500_000).get(0);
        FakeImage other = images("other", 1, 500_000).get(0);
        try (RunningRegistry registry = open("prefetch: false\ncache: {maxSize: 1MB, pins: [/pinned]}\n")) {
            pull(registry, pinned);
            pull(registry, other);
            assertTrue(!isHere(other.layer(1)));
            assertTrue(isHere(pinned.layer(1)));
            pull(registry, other);
            assertEquals(
                    2,
                    upstream.requestsTo("/v2/team/other/blobs/" + other.layer(1))
                            .size());
        }
    }

    private List<FakeImage> images(String name, int count, int size) {
        return IntStream.range(0, count)
                .mapToObj(i -> upstream.image("team/" + name, "v" + i)
                        .layer(base)
                        .layer(size)
                        .push())
                .toList();
    }

    private RunningRegistry open(String more) throws Exception {
        return RunningRegistry.start(
                "registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n" + more, images);
    }

    private static PruneReport prune(RunningRegistry registry, String pattern) {
        return registry.context()
                .pruner()
                .prune(new PruneRequest(new PrunePolicy.Matching(ReferencePatterns.parse(pattern)), false));
    }

    private static void pull(RunningRegistry registry, FakeImage image) throws IOException {
        Response manifest = get(registry, manifest(image));
        assertEquals(200, manifest.status(), image.repository());
        for (int i = 0; i < image.layers().size(); i++) {
            assertArrayEquals(image.layerBytes(i), get(registry, blob(image, i)).body());
        }
        assertEquals(
                image.config().size(),
                get(
                                registry,
                                "/v2/" + image.repository() + "/blobs/"
                                        + image.config().digest() + "?ns=r.example")
                        .body()
                        .length);
    }

    private static String manifest(FakeImage image) {
        return "/v2/" + image.repository() + "/manifests/" + image.digest() + "?ns=r.example";
    }

    private static String blob(FakeImage image, int layer) {
        return "/v2/" + image.repository() + "/blobs/" + image.layer(layer) + "?ns=r.example";
    }

    private static Response get(RunningRegistry registry, String path) throws IOException {
        return RawHttp.get(registry.base(), path);
    }

    private boolean isHere(Digest digest) {
        return Files.exists(images.resolve("blobs").resolve(digest.hex()));
    }

    /** Returns the size at a moment without renames or deletions, so that no file counts twice; otherwise 0. */
    private long bytes() throws IOException {
        List<Path> files = files();
        long sum = 0;
        for (Path file : files) {
            sum += size(file);
        }
        return files.equals(files()) ? sum : 0;
    }

    private List<Path> files() throws IOException {
        List<Path> found = new ArrayList<>();
        for (String directory : List.of("partial", "blobs")) {
            try (Stream<Path> files = Files.list(images.resolve(directory))) {
                files.filter(file -> !file.toString().endsWith(".checkpoints"))
                        .sorted()
                        .forEach(found::add);
            }
        }
        return found;
    }

    private static long size(Path file) throws IOException {
        try {
            return Files.size(file);
        } catch (NoSuchFileException gone) {
            return 0;
        }
    }

    private static void await(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            LockSupport.parkNanos(1_000_000);
        }
    }
}
