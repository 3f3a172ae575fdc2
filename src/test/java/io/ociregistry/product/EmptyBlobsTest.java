package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An empty body has no last byte that could be withheld: nobody is told of it before it is verified. */
@Timeout(60)
class EmptyBlobsTest {
    @TempDir
    Path images;

    private FakeUpstream upstream;
    private RunningRegistry registry;

    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        registry =
                RunningRegistry.start("registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n", images);
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
    }

    @Test
    void anUpstreamThatSendsNothingIsAnError_notAnEmptyBlob() throws Exception {
        Digest digest = upstream.blob("team/app", Content.random(1, 1000));
        upstream.on(Match.blob(digest).get()).once(new Fault.Empty200());
        assertEquals(502, get(digest).status());
        assertArrayEquals(Content.random(1, 1000).bytes(), get(digest).body());
    }

    @Test
    void aFileThatACrashLeftEmptyIsFetchedAgain() throws Exception {
        Digest digest = upstream.blob("team/app", Content.random(1, 1000));
        assertEquals(200, get(digest).status());
        registry.restart();
        Files.write(images.resolve("blobs").resolve(digest.hex()), new byte[0]);
        assertArrayEquals(Content.random(1, 1000).bytes(), get(digest).body());
    }

    @Test
    void aBlobThatIsEmptyIsServed() throws Exception {
        Digest digest = upstream.blob("team/app", Content.of(""));
        for (int i = 0; i < 2; i++) {
            Response answer = get(digest);
            assertEquals(200, answer.status());
            assertEquals("0", answer.header("Content-Length"));
        }
    }

    private Response get(Digest digest) throws Exception {
        return RawHttp.get(registry.base(), "/v2/team/app/blobs/" + digest + "?ns=r.example");
    }
}
