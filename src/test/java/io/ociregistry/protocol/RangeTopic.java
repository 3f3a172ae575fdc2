package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Range requests, with the same answers for a blob that is cached, arriving, or not yet requested. */
abstract class RangeTopic extends Topic {
    private static final int SIZE = 100_000;
    private static final int HELD = 50_000;

    /** The state of the blob at the time of the range request. */
    enum State {
        CACHED,
        ARRIVING,
        UNKNOWN
    }

    @Parameter
    State state;

    private final List<RawHttp> open = new ArrayList<>();
    private String name = "";
    private FakeImage image;

    @BeforeEach
    void push() {
        name = unique() + "/app";
        image = push(hub(), name);
    }

    @AfterEach
    void close() throws IOException {
        for (RawHttp connection : open) {
            connection.close();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "bytes=0-, 0, 100000",
        "bytes=0-0, 0, 1",
        "bytes=10-19, 10, 20",
        "bytes=99999-, 99999, 100000",
        "bytes=99990-, 99990, 100000",
        "bytes=99990-100000, 99990, 100000",
        "bytes=5-999999999999, 5, 100000",
        "bytes=-1, 99999, 100000",
        "bytes=-500, 99500, 100000",
        "bytes=-200000, 0, 100000",
        "bytes=0-99999, 0, 100000",
        "BYTES=10-19, 10, 20"
    })
    void rangeHasExactlyTheRequestedBytes(String range, int from, int to) throws IOException {
        Response part = ask("Range: " + range);
        assertEquals(206, part.status());
        assertHeader("bytes " + from + "-" + (to - 1) + "/" + SIZE, part, "Content-Range");
        assertHeader(Integer.toString(to - from), part, "Content-Length");
        assertHeader("application/octet-stream", part, "Content-Type");
        assertHeader(image.layer(0).toString(), part, "Docker-Content-Digest");
        assertHeader(etag(image.layer(0)), part, "ETag");
        assertArrayEquals(Arrays.copyOfRange(image.layerBytes(0), from, to), part.body());
        assertTrue(part.complete());
    }

    @Test
    void severalRangesComeAsMultipartInRequestedOrder() throws IOException {
        Response answer = ask("Range: bytes=50-59,0-0,-3");
        assertEquals(206, answer.status());
        String type = String.valueOf(answer.header("Content-Type"));
        assertTrue(type.startsWith("multipart/byteranges; boundary="), type);
        String boundary = "\r\n--" + type.substring(type.indexOf('=') + 1);
        byte[] layer = image.layerBytes(0);
        StringBuilder expected = new StringBuilder();
        for (int[] part : new int[][] {{50, 60}, {0, 1}, {SIZE - 3, SIZE}}) {
            expected.append(boundary)
                    .append("\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ")
                    .append(part[0] + "-" + (part[1] - 1) + "/" + SIZE + "\r\n\r\n")
                    .append(new String(Arrays.copyOfRange(layer, part[0], part[1]), StandardCharsets.ISO_8859_1));
        }
        expected.append(boundary).append("--\r\n");
        assertEquals(expected.toString(), new String(answer.body(), StandardCharsets.ISO_8859_1));
        assertHeader(String.valueOf(expected.length()), answer, "Content-Length");
        assertFalse(
                type.equals(ask("Range: bytes=50-59,0-0,-3").header("Content-Type")),
                "the boundary must be unpredictable");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=100000-", "bytes=100000-100001", "bytes=99999999999999-", "bytes=-0"})
    void rangeOutsideBlobGets416WithSize(String range) throws IOException {
        Response none = ask("Range: " + range);
        assertEquals(416, none.status());
        assertHeader("bytes */" + SIZE, none, "Content-Range");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bytes=",
                "bytes=-",
                "bytes=a-b",
                "bytes=9-5",
                "bytes 0-5",
                "items=0-5",
                "bytes=--5",
                "bytes=0x0-5",
                "0-5",
                "bytes=1-99999999999999999999999999x"
            })
    void invalidRangeIsIgnored(String range) throws IOException {
        Response whole = ask("Range: " + range);
        assertEquals(200, whole.status());
        assertHeader(null, whole, "Content-Range");
        assertHeader(Integer.toString(SIZE), whole, "Content-Length");
        assertArrayEquals(image.layerBytes(0), whole.body());
    }

    @Test
    void ifRangeComparesEtag() throws IOException {
        Response same = ask("Range: bytes=5-9", "If-Range: " + etag(image.layer(0)));
        assertEquals(206, same.status());
        assertEquals(5, same.body().length);
        Response other = ask("Range: bytes=5-9", "If-Range: \"other\"");
        assertEquals(200, other.status());
        assertEquals(SIZE, other.body().length);
    }

    @Test
    void headIgnoresRange() throws IOException {
        Response head = head(blobPath(name, image.layer(0), "docker.io"), "Range: bytes=5-9");
        assertEquals(200, head.status());
        assertHeader(Integer.toString(SIZE), head, "Content-Length");
        assertHeader("bytes", head, "Accept-Ranges");
    }

    @Test
    void rangeOfEmptyBlobIsIgnored() throws IOException {
        String repository = unique() + "/app";
        Digest empty = hub().blob(repository, Content.of(""));
        Response answer = get(blobPath(repository, empty, "docker.io"), "Range: bytes=0-");
        assertEquals(200, answer.status());
        assertHeader("0", answer, "Content-Length");
    }

    private Response ask(String... headers) throws IOException {
        String path = blobPath(name, image.layer(0), "docker.io");
        return switch (state) {
            case CACHED -> {
                assertEquals(200, get(path).status());
                yield get(path, headers);
            }
            case UNKNOWN -> get(path, headers);
            case ARRIVING -> whileItArrives(path, headers);
        };
    }

    /** Requests a range while half of the blob has arrived, and then lets the other half arrive. */
    private Response whileItArrives(String path, String... headers) throws IOException {
        Gate gate = hub().holdBlobAfter(image.layer(0), HELD);
        connection().send("GET", path).read(HELD - 1);
        Response part = connection().send("GET", path, headers);
        gate.release();
        part.body();
        return part;
    }

    private RawHttp connection() throws IOException {
        RawHttp connection = connect();
        open.add(connection);
        return connection;
    }
}
