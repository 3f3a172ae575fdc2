package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Serves a blob whose partial file is /dev/full, so that each write fails with "No space left on device". */
@EnabledOnOs(OS.LINUX)
class FullDiskTest extends Scenario {
    private static final int SIZE = 6_000_000;

    private final ExecutorService clients = Executors.newCachedThreadPool();
    private FakeImage image;

    @BeforeEach
    void pushImage() throws Exception {
        image = upstream.image("team/app", "1.0").layer(SIZE).push();
        Files.createSymbolicLink(partial(), Path.of("/dev/full"));
    }

    @Override
    protected String configuration() {
        return "timeouts:\n  stall: 1s\nprefetch: false\n";
    }

    @AfterEach
    void stopClients() {
        clients.shutdownNow();
    }

    @Test
    void clientsGetAllBytesFromOneRequest() throws Exception {
        Gate body = upstream.holdBlobAfter(image.layer(0), 0);
        List<RawHttp> connections = new ArrayList<>();
        List<Future<byte[]>> bodies = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            RawHttp connection = RawHttp.connect(registry.base());
            connections.add(connection);
            Response answer = connection.send("GET", layer());
            bodies.add(clients.submit(answer::body));
        }
        body.release();
        for (Future<byte[]> each : bodies) {
            assertArrayEquals(image.layerBytes(0), each.get());
        }
        for (RawHttp connection : connections) {
            connection.close();
        }
        assertEquals(1, upstream.requests(Match.blob(image.layer(0)).get()).size());
        assertFalse(Files.exists(partial(), LinkOption.NOFOLLOW_LINKS));
        assertFalse(Files.exists(stored()));
    }

    @Test
    void blobIsStoredOnceThereIsSpaceAgain() throws Exception {
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        assertFalse(Files.exists(stored()));
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        // The client may get the last byte before the blob is on the disk; the restart waits for the disk.
        registry.restart();
        upstream.refuseConnections();
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        assertTrue(Files.exists(stored()));
    }

    @Test
    void brokenConnectionIsResumed() throws Exception {
        upstream.on(Match.blob(image.layer(0)).get()).once(Fault.resetAfter(2_000_000));
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        assertEquals(
                "bytes=2000000-",
                upstream.requests(Match.blob(image.layer(0)).get())
                        .get(1)
                        .header("Range")
                        .orElse(""));
    }

    @Test
    void wrongBytesAreNotServedCompletely() throws Exception {
        upstream.on(Match.blob(image.layer(0)).get()).once(new Fault.Corrupt());
        Response answer = get(layer());
        answer.body();
        assertFalse(answer.complete());
    }

    @Test
    void clientThatReadsNothingIsCutOff() throws Exception {
        // More than the system's socket buffers hold.
        image = upstream.image("team/large", "1.0").layer(20_000_000).push();
        Files.createSymbolicLink(partial(), Path.of("/dev/full"));
        Gate body = upstream.holdBlobAfter(image.layer(0), 0);
        try (RawHttp stalled = RawHttp.connectWithBuffer(registry.base(), 4096);
                RawHttp other = RawHttp.connect(registry.base())) {
            Response cut = stalled.send("GET", layer());
            Response whole = other.send("GET", layer());
            body.release();
            assertArrayEquals(image.layerBytes(0), whole.body());
            cut.body();
            assertFalse(cut.complete());
        }
    }

    @Test
    void lateClientGetsRequestOfItsOwn() throws Exception {
        Gate middle = upstream.holdBlobAfter(image.layer(0), 4_000_000);
        try (RawHttp early = RawHttp.connect(registry.base())) {
            Response first = early.send("GET", layer());
            assertEquals(3_000_000, first.read(3_000_000).length);
            middle.awaitReached();
            Future<Response> late = clients.submit(() -> get(layer()));
            assertEquals(900_000, first.read(900_000).length);
            middle.release();
            assertArrayEquals(image.layerBytes(0), late.get().body());
            first.body();
            assertTrue(first.complete());
        }
        assertEquals(2, upstream.requests(Match.blob(image.layer(0)).get()).size());
    }

    private Path partial() {
        return images.resolve("partial").resolve(image.layer(0).hex() + "@r.example");
    }

    private Path stored() {
        return images.resolve("blobs").resolve(image.layer(0).hex());
    }

    private String layer() {
        return blob(image.repository(), image.layer(0));
    }
}
