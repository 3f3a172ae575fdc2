package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.RunningRegistry;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sends no request to an upstream that answered 429 for as long as it says, and serves cached content meanwhile. */
class RateLimitedUpstreamTest extends Scenario {
    private static final Fault LIMITED = Fault.status(429).header("Retry-After", "60");

    private FakeImage image;

    @BeforeEach
    void pushImage() throws Exception {
        image = upstream.image("team/app", "latest").layer(300_000).layer(70).push();
    }

    @Override
    protected String configuration() {
        return "  tags: [{pattern: '*', policy: always}]\nprefetch: false\n";
    }

    @Test
    void fiftyPullsOfCachedTagCostOneRequest() throws Exception {
        manifest("latest");
        upstream.forgetRequests();
        upstream.on(Match.anything()).always(LIMITED);
        for (int i = 0; i < 50; i++) {
            Response stale = manifest("latest");
            assertEquals(200, stale.status());
            assertArrayEquals(image.manifest(), stale.body());
            assertTrue(stale.header("Warning").contains("limits how much"), stale.header("Warning"));
        }
        assertEquals(List.of("HEAD"), methods());
    }

    @Test
    void missIsRefusedWithTheTimeThatIsLeft() throws Exception {
        upstream.on(Match.manifests()).always(LIMITED);
        for (int i = 0; i < 20; i++) {
            Response refused = manifest("tag-" + i);
            assertEquals(429, refused.status());
            assertTrue(refused.text().contains("\"TOOMANYREQUESTS\""), refused.text());
            int left = Integer.parseInt(refused.header("Retry-After"));
            assertTrue(left > 30 && left <= 60, "Retry-After is " + left + " s");
        }
        assertEquals(1, upstream.requests().size());
    }

    @Test
    void upstreamIsAskedAgainAfterTheTime() throws Exception {
        upstream.on(Match.manifests()).once(Fault.status(429).header("Retry-After", "1"));
        assertEquals(429, manifest("latest").status());
        Response answer = Await.until("an answer", () -> manifest("latest"), got -> got.status() != 429);
        assertArrayEquals(image.manifest(), answer.body());
        assertEquals(2, upstream.requests().size());
    }

    @Test
    void statusIsConfigurable() throws Exception {
        startWith(configuration() + "rateLimitStatus: 503\n");
        upstream.on(Match.manifests()).always(LIMITED);
        for (int i = 0; i < 2; i++) {
            Response refused = manifest("latest");
            assertEquals(503, refused.status());
            assertTrue(refused.text().contains("\"TOOMANYREQUESTS\""), refused.text());
            assertTrue(refused.header("Retry-After") != null);
        }
    }

    @Test
    void limitOfManifestsDoesNotLimitHeadsAndBlobs() throws Exception {
        manifest("latest");
        upstream.on(Match.manifests().get()).always(LIMITED);
        assertEquals(429, manifest("other").status());
        upstream.forgetRequests();
        assertNull(manifest("latest").header("Warning"), "a HEAD showed that the tag did not move");
        assertArrayEquals(image.layerBytes(1), blob(image.layer(1)).body());
        assertEquals(List.of("HEAD", "GET"), methods());
    }

    @Test
    void limitedTokenServiceIsNotAsked() throws Exception {
        upstream.requireAnonymousBearer();
        upstream.on(Match.of(Recorded.Kind.TOKEN)).always(LIMITED);
        for (int i = 0; i < 20; i++) {
            Response refused = manifest("latest");
            assertEquals(429, refused.status());
            assertTrue(Integer.parseInt(refused.header("Retry-After")) > 30);
        }
        assertEquals(
                List.of(Recorded.Kind.MANIFEST, Recorded.Kind.TOKEN),
                upstream.requests().stream().map(Recorded::kind).toList());
    }

    @Test
    void limitedBlobStorageIsNotAsked() throws Exception {
        try (FakeUpstream storage = FakeUpstream.start()) {
            upstream.redirectBlobsTo(storage);
            storage.on(Match.blobs()).always(LIMITED);
            manifest("latest");
            for (int i = 0; i < 20; i++) {
                assertEquals(429, blob(image.layer(i % 2)).status());
            }
            assertEquals(1, storage.requests().size());
            assertEquals(1, upstream.requests(Match.blobs()).size());
        }
    }

    @Test
    void limitedDownloadWaitsAndResumes() throws Exception {
        manifest("latest");
        Digest layer = image.layer(0);
        upstream.on(Match.blob(layer)).once(Fault.resetAfter(100_000));
        upstream.on(Match.blob(layer)).once(Fault.status(429).header("Retry-After", "1"));
        assertArrayEquals(image.layerBytes(0), blob(layer).body());
        List<Recorded> asked = upstream.requests(Match.blob(layer));
        assertEquals(
                List.of(200, 429, 206), asked.stream().map(Recorded::status).toList());
        assertEquals(asked.get(1).header("Range"), asked.get(2).header("Range"));
    }

    @Test
    void downloadLimitedForHoursIsCutOff() throws Exception {
        manifest("latest");
        Digest layer = image.layer(0);
        upstream.on(Match.blob(layer)).once(Fault.resetAfter(100_000));
        upstream.on(Match.blob(layer)).once(Fault.status(429).header("Retry-After", "7200"));
        Response cut = blob(layer);
        assertTrue(cut.body().length < 300_000);
        assertFalse(cut.complete());
        Response refused = blob(layer);
        assertEquals(429, refused.status());
        assertTrue(Integer.parseInt(refused.header("Retry-After")) > 7000);
        assertEquals(2, upstream.requests(Match.blob(layer)).size());
    }

    @ParameterizedTest
    @CsvSource({"RateLimit-Remaining,0;w=21600", "ratelimit-remaining,0", "X-RateLimit-Remaining,0"})
    void cachedTagIsNotRevalidatedWithoutRemainingRequests(String name, String value) throws Exception {
        upstream.image("team/app", "other").layer(80).push();
        upstream.on(Match.manifests()).times(1, new Fault.WithHeader(name, value));
        manifest("latest");
        for (int i = 0; i < 20; i++) {
            Response stale = manifest("latest");
            assertEquals(200, stale.status());
            assertArrayEquals(image.manifest(), stale.body());
            assertTrue(stale.header("Warning").contains("says that its limit is used up"), stale.header("Warning"));
        }
        assertEquals(List.of("GET"), methods());
        assertEquals(200, manifest("other").status());
        assertArrayEquals(image.layerBytes(1), blob(image.layer(1)).body());
        assertEquals(List.of("GET", "GET", "GET"), methods(), "misses are still requested");
    }

    @Test
    void cachedTagIsRevalidatedOnceLimitIsReset() throws Exception {
        upstream.on(Match.manifests())
                .once(new Fault.WithHeader("X-RateLimit-Remaining", "0")
                        .and(new Fault.WithHeader("Date", "Sun, 09 Sep 2001 01:46:40 GMT"))
                        .and(new Fault.WithHeader("X-RateLimit-Reset", "1000000001")));
        manifest("latest");
        Await.until("a revalidation", () -> manifest("latest").header("Warning") == null);
        assertEquals(List.of("GET", "HEAD"), methods());
    }

    @Test
    void cachedTagIsRevalidatedOnceRequestsRemain() throws Exception {
        upstream.image("team/app", "other").layer(80).push();
        upstream.on(Match.manifests()).once(new Fault.WithHeader("RateLimit-Remaining", "0"));
        upstream.on(Match.manifests()).once(new Fault.WithHeader("RateLimit-Remaining", "99"));
        manifest("latest");
        assertTrue(manifest("latest").header("Warning") != null);
        manifest("other");
        assertNull(manifest("latest").header("Warning"));
    }

    @Test
    void tagIsRevalidatedAtLimitedMirrorLast(@TempDir Path cache) throws Exception {
        try (FakeUpstream mirror = FakeUpstream.start();
                RunningRegistry mirrored = RunningRegistry.start(
                        "prefetch: false\nregistries:\n- name: r.example\n  endpoint: " + upstream.url()
                                + "\n  mirrors: [{url: '" + mirror.url() + "', prefix: proxy}]"
                                + "\n  tags: [{pattern: '*', policy: always}]\n",
                        cache)) {
            mirror.manifest("proxy/team/app", "latest", image.mediaType(), image.manifest());
            mirror.on(Match.manifests()).once(new Fault.WithHeader("RateLimit-Remaining", "0"));
            for (int i = 0; i < 3; i++) {
                Response answer = RawHttp.get(mirrored.base(), manifest("team/app", "latest"));
                assertEquals(200, answer.status());
                assertNull(answer.header("Warning"));
            }
            assertEquals(1, mirror.requests().size());
            assertEquals(List.of("HEAD", "HEAD"), methods());
        }
    }

    @Test
    void retryAfterDateUsesClockOfUpstream() throws Exception {
        upstream.on(Match.manifests())
                .always(Fault.status(429)
                        .header("Date", "Mon, 01 Jan 1990 00:00:00 GMT")
                        .header("Retry-After", "Mon, 01 Jan 1990 00:10:00 GMT"));
        int left = Integer.parseInt(manifest("latest").header("Retry-After"));
        assertTrue(left > 570 && left <= 600, "Retry-After is " + left + " s");
    }

    @Test
    void limitedUpstreamIsNotDown() throws Exception {
        upstream.on(Match.manifests()).times(2, Fault.status(500));
        upstream.on(Match.manifests()).always(Fault.status(429).header("Retry-After", "1"));
        assertEquals(502, manifest("a").status());
        assertEquals(502, manifest("b").status());
        assertEquals(429, manifest("c").status());
        assertArrayEquals(image.layerBytes(1), blob(image.layer(1)).body());
    }

    private List<String> methods() {
        return upstream.requests().stream().map(Recorded::method).toList();
    }

    private Response manifest(String tag) throws Exception {
        return get(manifest("team/app", tag));
    }

    private Response blob(Digest digest) throws Exception {
        return get(blob("team/app", digest));
    }
}
