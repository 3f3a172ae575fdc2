package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.Await;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Leaves nothing behind after a transfer that did not complete. */
@Timeout(60)
@EnabledOnOs(OS.LINUX)
class BrokenTransfersTest {
    @TempDir
    Path images;

    private FakeUpstream upstream;
    private RunningRegistry registry;

    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        registry = RunningRegistry.start(
                "prefetch: false\nregistries:\n- name: registry-1.docker.io\n  endpoint: " + upstream.url() + "\n",
                images);
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
    }

    @Test
    void brokenBodiesLeaveNoFileOpen() throws Exception {
        for (int i = 0; i < 10; i++) {
            FakeImage image = upstream.image("team/app" + i, "1").layer(50_000).push();
            upstream.on(Match.blob(image.layer(0))).once(new Fault.Corrupt());
            Response cut = get("/v2/team/app" + i + "/blobs/" + image.layer(0) + "?ns=docker.io");
            cut.body();
            assertFalse(cut.complete());
        }
        assertNoFileStaysOpen();
    }

    @Test
    void clientsThatDisconnectLeaveNoFileOpen() throws Exception {
        var large = upstream.blob("team/app", Content.random(1, 20_000_000));
        String path = "/v2/team/app/blobs/" + large + "?ns=docker.io";
        assertEquals(20_000_000, get(path).body().length);
        for (int i = 0; i < 20; i++) {
            try (RawHttp client = RawHttp.connectWithBuffer(registry.base(), 4096)) {
                client.send("GET", path).read(1000);
                client.abandon();
            }
        }
        assertNoFileStaysOpen();
    }

    @Test
    void pausedClientGetsAllWhileServerStops() throws Exception {
        var large = upstream.blob("team/app", Content.random(2, 20_000_000));
        String path = "/v2/team/app/blobs/" + large + "?ns=docker.io";
        assertEquals(20_000_000, get(path).body().length);
        try (RawHttp client = RawHttp.connectWithBuffer(registry.base(), 4096)) {
            Response answer = client.send("GET", path);
            answer.read(1000);
            var stopping = CompletableFuture.runAsync(() -> registry.stop(Duration.ofSeconds(30)));
            // The pause is longer than the second that Jetty grants by default.
            assertThrows(TimeoutException.class, () -> stopping.get(3, TimeUnit.SECONDS));
            assertEquals(20_000_000 - 1000, answer.body().length);
            assertTrue(answer.complete());
            stopping.get(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void otherNameOfDockerHubMeansDockerHub() throws Exception {
        FakeImage image = upstream.image("library/app", "1").layer(10).push();
        assertArrayEquals(
                image.manifest(), get("/v2/app/manifests/1?ns=docker.io").body());
    }

    private void assertNoFileStaysOpen() throws Exception {
        Await.until("no file is open", () -> openFiles().isEmpty());
    }

    private List<Path> openFiles() throws IOException {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return files.map(BrokenTransfersTest::target)
                    .filter(file -> file.startsWith(images) && !file.endsWith(".lock"))
                    .toList();
        }
    }

    private static Path target(Path link) {
        try {
            return Files.readSymbolicLink(link);
        } catch (IOException gone) {
            return link;
        }
    }

    private Response get(String path) throws IOException {
        return RawHttp.get(registry.base(), path);
    }
}
