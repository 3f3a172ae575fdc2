package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/** Reports an empty blob only after its verification, since an empty body has no last byte to withhold. */
class EmptyBlobsTest extends Scenario {
    @Test
    void emptyAnswerOfUpstreamIsAnError() throws Exception {
        Digest digest = upstream.blob("team/app", Content.random(1, 1000));
        upstream.on(Match.blob(digest).get()).once(new Fault.Empty200());
        assertEquals(502, get(digest).status());
        assertArrayEquals(Content.random(1, 1000).bytes(), get(digest).body());
    }

    @Test
    void fileLeftEmptyByCrashIsFetchedAgain() throws Exception {
        Digest digest = upstream.blob("team/app", Content.random(1, 1000));
        assertEquals(200, get(digest).status());
        registry.restart();
        Files.write(images.resolve("blobs").resolve(digest.hex()), new byte[0]);
        assertArrayEquals(Content.random(1, 1000).bytes(), get(digest).body());
    }

    @Test
    void emptyBlobIsServed() throws Exception {
        Digest digest = upstream.blob("team/app", Content.of(""));
        for (int i = 0; i < 2; i++) {
            Response answer = get(digest);
            assertEquals(200, answer.status());
            assertEquals("0", answer.header("Content-Length"));
        }
    }

    private Response get(Digest digest) throws IOException {
        return get(blob("team/app", digest));
    }
}
