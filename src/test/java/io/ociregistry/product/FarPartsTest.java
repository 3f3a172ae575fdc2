package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who reads a blob's end first, or several parts at once, on a first pull (DECISIONS 8). */
@Timeout(60)
class FarPartsTest {
    private static final int SIZE = 30_000_000;
    private static final int HELD = 1_000_000;

    @TempDir
    Path images;

    private FakeUpstream upstream;
    private RunningRegistry registry;
    private FakeImage image;
    private Match blob;
    private Gate gate;

    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        image = upstream.image("team/app", "1.0").layer(SIZE).push();
        blob = Match.blob(image.layer(0)).get();
        registry = RunningRegistry.start(
                "prefetch: false\nregistries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n", images);
        gate = upstream.holdNextBlobAfter(image.layer(0), HELD);
    }

    @AfterEach
    void stop() {
        gate.release();
        registry.close();
        upstream.close();
    }

    @Test
    void theEndIsReadWhileTheBeginningIsStillArriving_andTheDownloadGoesOn() throws Exception {
        // What passes the gate is only what is before it, so the part comes by another request.
        Response end = get("Range: bytes=-1000");
        assertEquals(206, end.status());
        assertArrayEquals(Arrays.copyOfRange(image.layerBytes(0), SIZE - 1000, SIZE), end.body());
        assertEquals(List.of("", "bytes=" + (SIZE - 1000) + "-" + (SIZE - 1)), ranges());

        gate.release();
        assertArrayEquals(image.layerBytes(0), get().body());
        assertEquals(2, ranges().size());
    }

    @Test
    void whatIsNotFarAheadWaitsForTheDownload() throws Exception {
        try (RawHttp client = RawHttp.connect(registry.base())) {
            Response part = client.send("GET", layer(), "Range: bytes=16000000-16000099");
            assertEquals(206, part.status());
            gate.release();
            assertArrayEquals(Arrays.copyOfRange(image.layerBytes(0), 16_000_000, 16_000_100), part.body());
        }
        assertEquals(List.of(""), ranges());
    }

    @Test
    void partOfBlobOfAnotherSizeIsNotPassedOn() throws Exception {
        get("Range: bytes=0-0");
        upstream.on(blob.ranged()).once(new Fault.ContentChanged().and(new Fault.Padded(5)));
        try (RawHttp client = RawHttp.connect(registry.base())) {
            Response end = client.send("GET", layer(), "Range: bytes=" + (SIZE - 1000) + "-");
            gate.release();
            assertArrayEquals(Arrays.copyOfRange(image.layerBytes(0), SIZE - 1000, SIZE), end.body());
        }
        assertEquals(2, ranges().size());
    }

    @Test
    void chunksThatAreReadToTheirEndsAndNoFurtherMakeTheWhole() throws Exception {
        gate.release();
        int chunk = 10_000_000;
        byte[] whole = new byte[SIZE];
        for (int i = 0; i < SIZE / chunk; i++) {
            try (RawHttp client = RawHttp.connect(registry.base())) {
                // As containerd does: open-ended, and left after the chunk.
                Response part = client.send("GET", layer(), "Range: bytes=" + i * chunk + "-");
                assertEquals("bytes " + i * chunk + "-" + (SIZE - 1) + "/" + SIZE, part.header("Content-Range"));
                System.arraycopy(part.read(chunk), 0, whole, i * chunk, chunk);
                client.abandon();
            }
        }
        assertArrayEquals(image.layerBytes(0), whole);
        assertArrayEquals(image.layerBytes(0), get().body());
    }

    @Test
    void aPartThatBreaksIsGoneOnWith() throws Exception {
        get("Range: bytes=0-0");
        upstream.on(blob).once(Fault.resetAfter(500));
        Response end = get("Range: bytes=-100000");
        assertArrayEquals(Arrays.copyOfRange(image.layerBytes(0), SIZE - 100_000, SIZE), end.body());
        assertTrue(end.complete());
    }

    @Test
    void anUpstreamThatKnowsNoRangesMakesTheClientWaitForTheDownload() throws Exception {
        get("Range: bytes=0-0");
        upstream.on(blob).once(new Fault.IgnoreRange());
        try (RawHttp client = RawHttp.connect(registry.base())) {
            Response part = client.send("GET", layer(), "Range: bytes=-1000");
            gate.release();
            assertArrayEquals(Arrays.copyOfRange(image.layerBytes(0), SIZE - 1000, SIZE), part.body());
        }
    }

    @Test
    void nothingOfAPartIsKept() throws Exception {
        get("Range: bytes=-1000");
        assertFalse(Files.exists(images.resolve("blobs").resolve(image.layer(0).hex())));
        try (var partials = Files.list(images.resolve("partial"))) {
            assertEquals(2, partials.count(), "the download itself and its checkpoints");
        }
    }

    private List<String> ranges() {
        return upstream.requests(blob).stream()
                .map(request -> request.header("Range").orElse(""))
                .toList();
    }

    private String layer() {
        return "/v2/team/app/blobs/" + image.layer(0) + "?ns=r.example";
    }

    private Response get(String... headers) throws Exception {
        return RawHttp.get(registry.base(), layer(), headers);
    }
}
