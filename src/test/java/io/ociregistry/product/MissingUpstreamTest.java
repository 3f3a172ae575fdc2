package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an upstream has not got is asked for once in a while, however many clients want it. */
@Timeout(60)
class MissingUpstreamTest {
    private static final Digest UNKNOWN = Digest.of(new byte[] {1});

    @TempDir
    Path images;

    private FakeUpstream upstream;
    private RunningRegistry registry;

    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        upstream.image("team/app", "1.0").layer(100).push();
        registry = start("1h", "");
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
    }

    @Test
    void aTagADigestAndABlobThatAreNotThereAreAskedForOnce() throws Exception {
        for (String path : new String[] {"manifests/2.0", "manifests/" + UNKNOWN, "blobs/" + UNKNOWN}) {
            upstream.forgetRequests();
            Response first = get(path);
            assertEquals(404, first.status());
            for (int i = 0; i < 20; i++) {
                Response again = get(path);
                assertEquals(404, again.status());
                assertEquals(first.text(), again.text());
                assertEquals(404, head(path).status());
            }
            // Before a blob that nothing here names, its upstream is asked whether that is a manifest.
            assertEquals(path.startsWith("blobs") ? 2 : 1, upstream.requests().size(), path);
        }
    }

    @Test
    void theTagsOfARepositoryThatIsNotThereAreAskedForOnce() throws Exception {
        Response first = tags();
        assertEquals(404, first.status());
        for (int i = 0; i < 20; i++) {
            assertEquals(first.text(), tags().text());
        }
        assertEquals(1, upstream.requests().size());
        registry.close();
        registry = start("0s", "");
        upstream.image("team/none", "1.0").layer(100).push();
        assertEquals(200, tags().status());
    }

    @Test
    void anotherRepositoryMayHaveIt() throws Exception {
        Digest blob = upstream.blob("team/other", Content.random(1, 100));
        assertEquals(404, get("blobs/" + blob).status());
        assertEquals(
                200,
                RawHttp.get(registry.base(), "/v2/team/other/blobs/" + blob + "?ns=r.example")
                        .status());
    }

    @Test
    void whatIsPushedIsSeenOnceTheTimeIsOver() throws Exception {
        registry.close();
        registry = start("50ms", "");
        assertEquals(404, get("manifests/2.0").status());
        FakeImage pushed = upstream.image("team/app", "2.0").layer(100).push();
        Response answer = get("manifests/2.0");
        while (answer.status() == 404) {
            Thread.onSpinWait();
            answer = get("manifests/2.0");
        }
        assertArrayEquals(pushed.manifest(), answer.body());
    }

    @Test
    void itCanBeSwitchedOff() throws Exception {
        registry.close();
        registry = start("0s", "");
        assertEquals(404, get("manifests/2.0").status());
        upstream.image("team/app", "2.0").layer(100).push();
        assertEquals(200, get("manifests/2.0").status());
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403, 500, 503})
    void noOtherAnswerIsTakenForANo(int status) throws Exception {
        upstream.on(Match.manifests()).once(Fault.status(status));
        assertTrue(get("manifests/1.0").status() >= 400);
        assertEquals(200, get("manifests/1.0").status());
    }

    @Test
    void aCachedTagThatIsGoneIsLookedForOnceToo_whetherItIsKeptOrDropped() throws Exception {
        for (String rule : new String[] {"keep", "drop"}) {
            registry.close();
            registry = start("1h", "  tags: [{pattern: '*', policy: always, onNotFound: " + rule + "}]\n");
            upstream.image("team/app", "1.0").layer(100).push();
            assertEquals(200, get("manifests/1.0").status());
            upstream.untag("team/app", "1.0");
            upstream.forgetRequests();
            for (int i = 0; i < 20; i++) {
                Response answer = get("manifests/1.0");
                assertEquals(rule.equals("keep") ? 200 : 404, answer.status());
                assertTrue(rule.equals("drop") || answer.header("Warning").contains("404"));
            }
            assertEquals(1, upstream.requests().size());
        }
    }

    private RunningRegistry start(String time, String more) throws Exception {
        return RunningRegistry.start(
                "prefetch: false\ncache: {negativeTtl: " + time + "}\nregistries:\n- name: r.example\n  endpoint: "
                        + upstream.url() + "\n" + more,
                images);
    }

    private Response get(String path) throws Exception {
        return RawHttp.get(registry.base(), "/v2/team/app/" + path + "?ns=r.example");
    }

    private Response tags() throws Exception {
        return RawHttp.get(registry.base(), "/v2/team/none/tags/list?ns=r.example");
    }

    private Response head(String path) throws Exception {
        return RawHttp.head(registry.base(), "/v2/team/app/" + path + "?ns=r.example");
    }
}
