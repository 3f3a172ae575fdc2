package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Downloads blobs over links that break repeatedly, are down for a while, or are very slow. */
@Timeout(60)
class LongLinksTest {
    private static final int SIZE = 400_000;

    @TempDir
    Path images;

    private FakeUpstream upstream;
    private FakeUpstream fast;
    private RunningRegistry registry;
    private FakeImage image;
    private Match blob;

    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        fast = FakeUpstream.start();
        image = upstream.image("team/app", "1.0").layer(SIZE).push();
        blob = Match.blob(image.layer(0)).get();
        registry = RunningRegistry.start(
                "timeouts:\n  stall: 1s\nregistries:\n- name: r.example\n  endpoint: " + upstream.url()
                        + "\n- name: fast.example\n  endpoint: " + fast.url() + "\n",
                images);
    }

    @AfterEach
    void stop() {
        registry.close();
        fast.close();
        upstream.close();
    }

    @Test
    void eachResumeRequestsTheNextByte() throws Exception {
        upstream.on(blob).once(Fault.resetAfter(50_000));
        upstream.on(blob).once(Fault.resetAfter(70_000));
        upstream.on(blob).once(Fault.resetAfter(1));
        Response answer = get("r.example");
        assertArrayEquals(image.layerBytes(0), answer.body());
        assertEquals(List.of("", "bytes=50000-", "bytes=120000-", "bytes=120001-"), ranges());
    }

    @Test
    void stalledConnectionIsReplacedAndResumed() throws Exception {
        upstream.on(blob).once(Fault.stallAfter(50_000));
        assertArrayEquals(image.layerBytes(0), get("r.example").body());
        assertEquals(List.of("", "bytes=50000-"), ranges());
    }

    @Test
    void slowConnectionIsReplacedByBetterOne() throws Exception {
        upstream.on(blob).once(Fault.trickle(100));
        assertArrayEquals(image.layerBytes(0), get("r.example").body());
        assertEquals(2, ranges().size());
        assertTrue(ranges().get(1).matches("bytes=[1-9][0-9]*-"), ranges()::toString);
    }

    @Test
    void failedDownloadResumesWithoutClientOnceLinkIsBack() throws Exception {
        Gate gate = upstream.holdNextBlobAfter(image.layer(0), 50_000);
        try (RawHttp client = RawHttp.connect(registry.base())) {
            Response cut = client.send("GET", layer("r.example"));
            gate.awaitReached();
            upstream.refuseConnections();
            cut.body();
            assertFalse(cut.complete(), "patience ends after four stalls");
        }
        upstream.heal();
        Gate end = upstream.hold(blob);
        end.awaitReached();
        end.release();
        assertArrayEquals(image.layerBytes(0), get("r.example").body());
        assertEquals(List.of("", "bytes=50000-"), ranges());
    }

    @Test
    void slowDownloadTakesTheRestFromStore() throws Exception {
        Content content = image.layers().get(0).content();
        fast.blob("team/app", content);
        upstream.on(blob).always(Fault.trickle(2_000));
        try (RawHttp client = RawHttp.connect(registry.base())) {
            Response slow = client.send("GET", layer("r.example"));
            assertEquals(200, slow.status());
            assertArrayEquals(image.layerBytes(0), get("fast.example").body());
            assertArrayEquals(image.layerBytes(0), slow.body());
        }
        assertEquals(List.of(""), ranges());
    }

    private List<String> ranges() {
        return upstream.requests(blob).stream()
                .map(request -> request.header("Range").orElse(""))
                .toList();
    }

    private String layer(String registryName) {
        return "/v2/team/app/blobs/" + image.layer(0) + "?ns=" + registryName;
    }

    private Response get(String registryName) throws Exception {
        return RawHttp.get(registry.base(), layer(registryName));
    }
}
