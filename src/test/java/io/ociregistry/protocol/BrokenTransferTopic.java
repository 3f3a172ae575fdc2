package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Transfers of blobs that fail: no client may mistake a part for the whole blob. */
abstract class BrokenTransferTopic extends Topic {
    private static final int SIZE = 100_000;
    private static final int HELD = 40_000;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void corruptBlobIsCutOffAndFetchedAgain(boolean chunked) throws IOException {
        Stage.Spare spare = stage().spare();
        FakeUpstream up = spare.upstream();
        FakeImage image = push(up, "app");
        Digest layer = image.layer(0);
        Fault corrupt = new Fault.Corrupt();
        up.on(Match.blob(layer)).always(chunked ? corrupt.and(new Fault.Chunked()) : corrupt);
        Response cut = cutAfterHeld(spare, layer);
        assertTrue(cut.body().length < SIZE - HELD + 1, "the last byte must be withheld");
        assertNotStored(layer);
        long before = up.requests(Match.blob(layer).get()).size();
        up.heal();
        Response right = get(blobPath("app", layer, spare.name()));
        assertArrayEquals(image.layerBytes(0), right.body());
        assertTrue(up.requests(Match.blob(layer).get()).size() > before);
    }

    @Test
    void failureAtFirstByteIsCutOffOrUpstreamError() throws IOException {
        Stage.Spare spare = stage().spare();
        for (int i = 0; i < 60; i++) {
            Digest blob = spare.upstream().blob("app", Content.random(i, 100));
            spare.upstream().on(Match.blob(blob).get()).once(new Fault.Html());
            Response answer = get(blobPath("app", blob, spare.name()));
            if (answer.status() == 200) {
                assertFalse(answer.complete());
            } else {
                assertError(502, "UNKNOWN", answer);
            }
        }
    }

    @Test
    void everyClientOfCorruptBlobIsCutOff() throws IOException {
        Stage.Spare spare = stage().spare();
        Digest layer = push(spare.upstream(), "app").layer(0);
        spare.upstream().on(Match.blob(layer)).always(new Fault.Corrupt());
        Gate gate = spare.upstream().holdBlobAfter(layer, HELD);
        List<RawHttp> clients = new ArrayList<>();
        List<Response> answers = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                clients.add(connect());
                answers.add(clients.get(i).send("GET", blobPath("app", layer, spare.name())));
                assertEquals(HELD, answers.get(i).read(HELD).length);
            }
            gate.release();
            for (Response answer : answers) {
                assertTrue(answer.body().length < SIZE - HELD);
                assertFalse(answer.complete());
            }
        } finally {
            for (RawHttp client : clients) {
                client.close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void transferThatCannotResumeIsCutOff(boolean chunked) throws IOException {
        Stage.Spare spare = stage().spare();
        FakeUpstream up = spare.upstream();
        Digest layer = push(up, "app").layer(0);
        Fault reset = Fault.resetAfter(HELD + 1000);
        up.on(Match.blob(layer).get()).once(chunked ? reset.and(new Fault.Chunked()) : reset);
        up.on(Match.blob(layer).get()).always(Fault.status(404));
        Response cut = cutAfterHeld(spare, layer);
        assertTrue(cut.body().length <= 1001);
        assertNotStored(layer);
    }

    @Test
    void shortBodyIsCutOff() throws IOException {
        Stage.Spare spare = stage().spare();
        FakeUpstream up = spare.upstream();
        Digest layer = push(up, "app").layer(0);
        up.on(Match.blob(layer).get()).once(new Fault.ShortBody(HELD + 1000));
        up.on(Match.blob(layer).get()).always(Fault.status(404));
        assertTrue(cutAfterHeld(spare, layer).body().length <= 1001);
        assertNotStored(layer);
    }

    @Test
    void htmlPageIsNotABlob() throws IOException {
        Stage.Spare spare = stage().spare();
        Digest layer = push(spare.upstream(), "app").layer(0);
        spare.upstream().on(Match.blob(layer)).always(new Fault.Html());
        Response answer = get(blobPath("app", layer, spare.name()));
        assertFalse(answer.status() == 200 && answer.complete(), answer::toString);
        assertNotStored(layer);
    }

    /**
     * Reads up to a gate, so that the headers are sent, and then the remaining bytes, which must be incomplete.
     */
    private Response cutAfterHeld(Stage.Spare spare, Digest layer) throws IOException {
        Gate gate = spare.upstream().holdBlobAfter(layer, HELD);
        try (RawHttp http = connect()) {
            Response cut = http.send("GET", blobPath("app", layer, spare.name()));
            assertEquals(200, cut.status());
            // Without Content-Length any byte may be the last, so the server withholds the last received byte.
            assertEquals(HELD - 1, cut.read(HELD - 1).length);
            gate.release();
            cut.body();
            assertFalse(cut.complete(), "the body must be incomplete");
            return cut;
        }
    }
}
