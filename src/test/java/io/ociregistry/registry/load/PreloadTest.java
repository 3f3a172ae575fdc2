package io.ociregistry.registry.load;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Platforms;
import io.ociregistry.registry.load.list.LoadPlan;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server that preloads the images of a list. */
@Timeout(60)
class PreloadTest {
    @TempDir
    Path dir;

    private FakeUpstream upstream;
    private FakeImage image;
    private RunningRegistry registry;

    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        image = upstream.image("team/app", "1.0").layer(300_000).push();
        Files.writeString(list(), "r.example/team/app:1.0\n");
        registry = RunningRegistry.start(configuration(), dir.resolve("images"));
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
    }

    @Test
    void clientJoinsDownloadOfPreload() throws Exception {
        Gate gate = upstream.holdBlobAfter(image.layer(0), 100_000);
        registry.context().startPreload();
        gate.awaitReached();
        assertEquals(200, get("manifests/1.0").status());
        gate.release();
        assertArrayEquals(image.layerBytes(0), get("blobs/" + image.layer(0)).body());
        assertEquals(1, upstream.requests(Match.blob(image.layer(0))).size());
    }

    @Test
    void preloadResumesAfterRestart() throws Exception {
        Gate gate = upstream.holdBlobAfter(image.layer(0), 250_000);
        registry.context().startPreload();
        gate.awaitReached();
        // The upstream has sent bytes; the server has stored them only after it has read them.
        Await.until("a partial file has bytes", () -> partialBytes() > 0);
        registry.close();
        gate.release();
        upstream.heal();
        registry = RunningRegistry.start(configuration(), dir.resolve("images"));
        Gate again = upstream.hold(Match.blob(image.layer(0)).get().ranged());
        registry.context().startPreload();
        again.awaitReached();
        again.release();
        assertArrayEquals(image.layerBytes(0), get("blobs/" + image.layer(0)).body());
    }

    @Test
    void completeImageCausesNoRequestOffline() throws Exception {
        assertTrue(load().isComplete());
        upstream.refuseConnections();
        registry.restart();
        upstream.forgetRequests();
        int connections = upstream.connections();
        long started = System.nanoTime();
        LoadSummary summary = load();
        assertTrue(System.nanoTime() - started < TimeUnit.SECONDS.toNanos(5));
        assertEquals(1, summary.alreadyCached());
        assertEquals(connections, upstream.connections());
    }

    @Test
    void missingListIsReportedAndLoadedOnceItIsThere() throws Exception {
        String content = Files.readString(list());
        Files.delete(list());
        try (LogLines log = LogLines.of(Preload.class.getName());
                Preload preload = preload()) {
            preload.start();
            Await.until("the failure is logged", () -> !log.at("ERROR").isEmpty());
            assertEquals(200, get("manifests/1.0").status(), "the server serves meanwhile");
            Files.writeString(list(), content);
            preload.awaitEnd();
            List<String> failures = log.at("ERROR");
            assertEquals(1, failures.size(), failures.toString());
            assertTrue(failures.get(0).contains(list().toString()), failures.toString());
        }
        assertEquals(1, load().alreadyCached());
    }

    @Test
    void statusHasProgressOfPreload() throws Exception {
        Files.writeString(list(), "r.example/team/app:1.0\nr.example/team/gone:1\nno name\n");
        assertTrue(registry.operator()
                .get("/cmd/status", "Accept: application/json")
                .text()
                .contains("\"preload\":null"));
        Gate gate = upstream.holdBlobAfter(image.layer(0), 100_000);
        registry.context().startPreload();
        gate.awaitReached();
        String files = "preload of " + list() + ": ";
        Await.until(
                "two failures", this::status, text -> text.contains(files + "loading, 3 images: 0 done, 2 failed\n"));
        gate.release();
        Await.until("the end", this::status, text -> text.contains(files + "ended, 3 images: 1 done, 2 failed\n"));
    }

    private String status() throws IOException {
        return registry.operator().get("/cmd/status").text();
    }

    @Test
    void preloadRetriesTransientFailuresOnly() throws Exception {
        Files.writeString(list(), "r.example/team/app:1.0\nr.example/team/gone:1\n");
        upstream.on(Match.manifest("1.0")).once(Fault.status(502));
        try (Preload preload = preload()) {
            preload.start();
            preload.awaitEnd();
            assertEquals(new PreloadStatus(list().toString(), "ended", 2, 1, 1), preload.status());
        }
        assertEquals(2, upstream.requests(Match.manifest("1.0")).size());
        assertArrayEquals(image.layerBytes(0), get("blobs/" + image.layer(0)).body());
        assertEquals(1, upstream.requests(Match.blob(image.layer(0))).size(), "the client got the cached blob");
    }

    private Preload preload() {
        ImageLoader loader = registry.context().loader();
        return new Preload(loader, list().toString(), options(Duration.ZERO), Duration.ofMillis(50));
    }

    private LoadSummary load() throws Exception {
        return registry.context().loader().load(plan(), options(Duration.ofSeconds(20)), new LoadListener() {});
    }

    private static LoadOptions options(Duration timeout) {
        return new LoadOptions(Platforms.parse("linux/amd64"), false, 4, false, timeout, Optional.empty());
    }

    private LoadPlan plan() throws IOException {
        return LoadPlan.of(list().toString());
    }

    private Path list() {
        return dir.resolve("images.txt");
    }

    private RawHttp.Response get(String path) throws IOException {
        return RawHttp.get(registry.base(), "/v2/team/app/" + path + "?ns=r.example");
    }

    private long partialBytes() throws IOException {
        try (Stream<Path> files = Files.list(dir.resolve("images/partial"))) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        }
    }

    private String configuration() {
        return String.join(
                "\n",
                List.of(
                        "preloadImages: " + list(),
                        "prefetch: false",
                        "registries:",
                        "- name: r.example",
                        "  endpoint: " + upstream.url(),
                        ""));
    }
}
