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
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Serves parts of a blob that lie far ahead of its download: the end first, or several parts at once. */
class FarPartsTest extends Scenario {
    private static final int SIZE = 30_000_000;
    private static final int HELD = 1_000_000;

    private FakeImage image;
    private Match blob;
    private Gate gate;

    @BeforeEach
    void pushImage() throws Exception {
        image = upstream.image("team/app", "1.0").layer(SIZE).push();
        blob = Match.blob(image.layer(0)).get();
        gate = upstream.holdNextBlobAfter(image.layer(0), HELD);
    }

    @Override
    protected String configuration() {
        return "prefetch: false\n";
    }

    @AfterEach
    void releaseDownload() {
        gate.release();
    }

    @Test
    void endIsServedDuringDownloadOfTheStart() throws Exception {
        // Only bytes before the gate pass it, so the part needs a request of its own.
        Response end = getLayer("Range: bytes=-1000");
        assertEquals(206, end.status());
        assertArrayEquals(Arrays.copyOfRange(image.layerBytes(0), SIZE - 1000, SIZE), end.body());
        assertEquals(List.of("", "bytes=" + (SIZE - 1000) + "-" + (SIZE - 1)), ranges(image.layer(0)));

        gate.release();
        assertArrayEquals(image.layerBytes(0), getLayer().body());
        assertEquals(2, ranges(image.layer(0)).size());
    }

    @Test
    void partNotFarAheadWaitsForDownload() throws Exception {
        try (RawHttp client = RawHttp.connect(registry.base())) {
            Response part = client.send("GET", layer(), "Range: bytes=16000000-16000099");
            assertEquals(206, part.status());
            gate.release();
            assertArrayEquals(Arrays.copyOfRange(image.layerBytes(0), 16_000_000, 16_000_100), part.body());
        }
        assertEquals(List.of(""), ranges(image.layer(0)));
    }

    @Test
    void partOfBlobOfAnotherSizeIsRejected() throws Exception {
        getLayer("Range: bytes=0-0");
        upstream.on(blob.ranged()).once(new Fault.ContentChanged().and(new Fault.Padded(5)));
        try (RawHttp client = RawHttp.connect(registry.base())) {
            Response end = client.send("GET", layer(), "Range: bytes=" + (SIZE - 1000) + "-");
            gate.release();
            assertArrayEquals(Arrays.copyOfRange(image.layerBytes(0), SIZE - 1000, SIZE), end.body());
        }
        assertEquals(2, ranges(image.layer(0)).size());
    }

    @Test
    void chunksReadByOpenRangesMakeTheWhole() throws Exception {
        gate.release();
        int chunk = 10_000_000;
        byte[] whole = new byte[SIZE];
        for (int i = 0; i < SIZE / chunk; i++) {
            try (RawHttp client = RawHttp.connect(registry.base())) {
                // As containerd does: the range has no end, and the client leaves after the chunk.
                Response part = client.send("GET", layer(), "Range: bytes=" + i * chunk + "-");
                assertEquals("bytes " + i * chunk + "-" + (SIZE - 1) + "/" + SIZE, part.header("Content-Range"));
                System.arraycopy(part.read(chunk), 0, whole, i * chunk, chunk);
                client.abandon();
            }
        }
        assertArrayEquals(image.layerBytes(0), whole);
        assertArrayEquals(image.layerBytes(0), getLayer().body());
    }

    @Test
    void brokenPartIsResumed() throws Exception {
        getLayer("Range: bytes=0-0");
        upstream.on(blob).once(Fault.resetAfter(500));
        Response end = getLayer("Range: bytes=-100000");
        assertArrayEquals(Arrays.copyOfRange(image.layerBytes(0), SIZE - 100_000, SIZE), end.body());
        assertTrue(end.complete());
    }

    @Test
    void partWaitsForDownloadIfUpstreamIgnoresRanges() throws Exception {
        getLayer("Range: bytes=0-0");
        upstream.on(blob).once(new Fault.IgnoreRange());
        try (RawHttp client = RawHttp.connect(registry.base())) {
            Response part = client.send("GET", layer(), "Range: bytes=-1000");
            gate.release();
            assertArrayEquals(Arrays.copyOfRange(image.layerBytes(0), SIZE - 1000, SIZE), part.body());
        }
    }

    @Test
    void partIsNotStored() throws Exception {
        getLayer("Range: bytes=-1000");
        assertFalse(Files.exists(images.resolve("blobs").resolve(image.layer(0).hex())));
        try (var partials = Files.list(images.resolve("partial"))) {
            assertEquals(2, partials.count(), "the download itself and its checkpoints");
        }
    }

    private String layer() {
        return blob("team/app", image.layer(0));
    }

    private Response getLayer(String... headers) throws Exception {
        return RawHttp.get(registry.base(), layer(), headers);
    }
}
