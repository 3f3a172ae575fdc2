package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Requests for blobs that are still arriving. */
abstract class StreamingTopic extends Topic {
    private static final int SIZE = 100_000;
    private static final int HELD = 40_000;

    @Test
    void bytesAreSentBeforeUpstreamSendsTheRest() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        Gate gate = hub().holdBlobAfter(image.layer(0), HELD);
        try (RawHttp http = connect()) {
            Response arriving = http.send("GET", blobPath(name, image.layer(0), "docker.io"));
            assertEquals(200, arriving.status());
            assertHeader("100000", arriving, "Content-Length");
            byte[] first = arriving.read(HELD);
            assertEquals(
                    HELD,
                    hub().requests(Match.blob(image.layer(0)).get()).get(0).bytesSent());
            gate.release();
            byte[] rest = arriving.body();
            assertArrayEquals(Arrays.copyOf(image.layerBytes(0), HELD), first);
            assertArrayEquals(Arrays.copyOfRange(image.layerBytes(0), HELD, SIZE), rest);
            assertTrue(arriving.complete());
        }
    }

    @Test
    void headersAreSentBeforeFirstByte() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        Gate gate = hub().holdBlobAfter(image.layer(0), 0);
        try (RawHttp http = connect()) {
            Response arriving = http.send("GET", blobPath(name, image.layer(0), "docker.io"));
            assertEquals(200, arriving.status());
            gate.release();
            assertArrayEquals(image.layerBytes(0), arriving.body());
        }
    }

    @Test
    void fiftyClientsOfBlobCauseOneUpstreamRequest() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        Gate gate = hub().holdBlobAfter(image.layer(0), HELD);
        List<RawHttp> clients = new ArrayList<>();
        try {
            List<Response> answers = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                clients.add(connect());
                answers.add(clients.get(i).send("GET", blobPath(name, image.layer(0), "docker.io")));
            }
            gate.release();
            for (Response answer : answers) {
                assertArrayEquals(image.layerBytes(0), answer.body());
                assertTrue(answer.complete());
            }
        } finally {
            closeAll(clients);
        }
        assertEquals(1, hub().requests(Match.blob(image.layer(0)).get()).size());
    }

    @Test
    void fiftyClientsOfTagCauseOneUpstreamRequest() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        Gate gate = hub().hold(Match.manifest("1").in(name));
        List<RawHttp> clients = new ArrayList<>();
        try {
            String request = "GET " + path() + manifestPath(name, "1", "docker.io") + " HTTP/1.1\r\nHost: x\r\n\r\n";
            for (int i = 0; i < 50; i++) {
                clients.add(connect());
                clients.get(i).write(request);
            }
            gate.awaitReached();
            gate.release();
            for (RawHttp client : clients) {
                assertArrayEquals(image.manifest(), client.sendRaw("", false).body());
            }
        } finally {
            closeAll(clients);
        }
        assertEquals(1, hub().requests(Match.manifests().in(name)).size());
    }

    @Test
    void downloadContinuesAfterFirstClientLeaves() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        Gate gate = hub().holdBlobAfter(image.layer(0), HELD);
        try (RawHttp http = connect()) {
            http.send("GET", blobPath(name, image.layer(0), "docker.io")).read(1000);
            http.abandon();
        }
        gate.release();
        Recorded download = hub().requests(Match.blob(image.layer(0)).get()).get(0);
        download.awaitFinished();
        assertFalse(download.broken());
        assertArrayEquals(
                image.layerBytes(0),
                get(blobPath(name, image.layer(0), "docker.io")).body());
        assertEquals(1, hub().requests(Match.blob(image.layer(0)).get()).size());
    }

    @Test
    void lateClientGetsBlobFromFirstByte() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        Gate gate = hub().holdBlobAfter(image.layer(0), SIZE - 1);
        String path = blobPath(name, image.layer(0), "docker.io");
        try (RawHttp first = connect();
                RawHttp second = connect()) {
            Response early = first.send("GET", path);
            byte[] allButLast = early.read(SIZE - 1);
            Response late = second.send("GET", path);
            byte[] same = late.read(SIZE - 1);
            assertArrayEquals(allButLast, same);
            gate.release();
            assertEquals(1, early.body().length);
            assertEquals(1, late.body().length);
            assertTrue(late.complete());
        }
        assertEquals(1, hub().requests(Match.blob(image.layer(0)).get()).size());
    }

    @Test
    void slowClientDoesNotSlowOthers() throws IOException {
        String name = unique() + "/app";
        Content content = Content.random(8, 8 << 20);
        Digest digest = hub().blob(name, content);
        String path = blobPath(name, digest, "docker.io");
        try (RawHttp slow = RawHttp.connectWithBuffer(stage().base(), 4096)) {
            Response crawling = slow.send("GET", path);
            assertEquals(1, crawling.read(1).length);
            Response quick = get(path);
            assertTrue(quick.complete());
            assertTrue(content.sameAs(quick.body()));
            assertEquals(200, get("/v2/").status());
            assertEquals((8 << 20) - 1, crawling.body().length);
            assertTrue(crawling.complete());
        }
        assertEquals(1, hub().requests(Match.blob(digest).get()).size());
    }

    @Test
    void headOfArrivingBlobIsAnsweredAtOnce() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        Gate gate = hub().holdBlobAfter(image.layer(0), HELD);
        String path = blobPath(name, image.layer(0), "docker.io");
        try (RawHttp http = connect()) {
            Response arriving = http.send("GET", path);
            Response head = head(path);
            assertEquals(200, head.status());
            assertHeader("100000", head, "Content-Length");
            gate.release();
            assertArrayEquals(image.layerBytes(0), arriving.body());
        }
    }

    private String path() {
        return stage().base().getRawPath().replaceAll("/+$", "");
    }

    private static void closeAll(List<RawHttp> clients) throws IOException {
        for (RawHttp client : clients) {
            client.close();
        }
    }
}
