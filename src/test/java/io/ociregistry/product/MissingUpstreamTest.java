package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp.Response;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Remembers 404 answers of an upstream for a while, so that many clients cost one request. */
class MissingUpstreamTest extends Scenario {
    private static final Digest UNKNOWN = Digest.of(new byte[] {1});

    @BeforeEach
    void pushImage() throws Exception {
        upstream.image("team/app", "1.0").layer(100).push();
    }

    @Override
    protected String configuration() {
        return configuration("1h");
    }

    @Test
    void missingTagDigestAndBlobAreRequestedOnce() throws Exception {
        for (String path : new String[] {"manifests/2.0", "manifests/" + UNKNOWN, "blobs/" + UNKNOWN}) {
            upstream.forgetRequests();
            Response first = get(in(path));
            assertEquals(404, first.status());
            for (int i = 0; i < 20; i++) {
                Response again = get(in(path));
                assertEquals(404, again.status());
                assertEquals(first.text(), again.text());
                assertEquals(404, head(in(path)).status());
            }
            // For a blob that no cached manifest names, the upstream is first asked whether it is a manifest.
            assertEquals(path.startsWith("blobs") ? 2 : 1, upstream.requests().size(), path);
        }
    }

    @Test
    void tagsOfMissingRepositoryAreRequestedOnce() throws Exception {
        Response first = tags();
        assertEquals(404, first.status());
        for (int i = 0; i < 20; i++) {
            assertEquals(first.text(), tags().text());
        }
        assertEquals(1, upstream.requests().size());
        start("0s", "");
        upstream.image("team/none", "1.0").layer(100).push();
        assertEquals(200, tags().status());
    }

    @Test
    void blobMissingInOneRepositoryMayBeInOther() throws Exception {
        Digest blob = upstream.blob("team/other", Content.random(1, 100));
        assertEquals(404, status(in("blobs/" + blob)));
        assertEquals(200, status(blob("team/other", blob)));
    }

    @Test
    void pushedTagIsFoundAfterTheTime() throws Exception {
        start("50ms", "");
        assertEquals(404, status(in("manifests/2.0")));
        FakeImage pushed = upstream.image("team/app", "2.0").layer(100).push();
        Response answer = Await.until("an answer", () -> get(in("manifests/2.0")), got -> got.status() != 404);
        assertArrayEquals(pushed.manifest(), answer.body());
    }

    @Test
    void negativeCacheCanBeSwitchedOff() throws Exception {
        start("0s", "");
        assertEquals(404, status(in("manifests/2.0")));
        upstream.image("team/app", "2.0").layer(100).push();
        assertEquals(200, status(in("manifests/2.0")));
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403, 500, 503})
    void otherErrorsAreNotRemembered(int status) throws Exception {
        upstream.on(Match.manifests()).once(Fault.status(status));
        assertTrue(status(in("manifests/1.0")) >= 400);
        assertEquals(200, status(in("manifests/1.0")));
    }

    @Test
    void removedCachedTagIsRequestedOnce() throws Exception {
        for (String rule : new String[] {"keep", "drop"}) {
            start("1h", "  tags: [{pattern: '*', policy: always, onNotFound: " + rule + "}]\n");
            upstream.image("team/app", "1.0").layer(100).push();
            assertEquals(200, status(in("manifests/1.0")));
            upstream.untag("team/app", "1.0");
            upstream.forgetRequests();
            for (int i = 0; i < 20; i++) {
                Response answer = get(in("manifests/1.0"));
                assertEquals(rule.equals("keep") ? 200 : 404, answer.status());
                assertTrue(rule.equals("drop") || answer.header("Warning").contains("404"));
            }
            assertEquals(1, upstream.requests().size());
        }
    }

    private void start(String time, String more) throws Exception {
        startWith(more + configuration(time));
    }

    private static String configuration(String negativeTtl) {
        return "prefetch: false\ncache: {negativeTtl: " + negativeTtl + "}\n";
    }

    private static String in(String path) {
        return "/v2/team/app/" + path + "?ns=r.example";
    }

    private Response tags() throws Exception {
        return get("/v2/team/none/tags/list?ns=r.example");
    }
}
