package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp.Response;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Prefetches the blobs of an image, so that a client that leaves after the manifest does not leave half an image. */
class PrefetchTest extends Scenario {
    private FakeImage image;

    @BeforeEach
    void pushImage() throws Exception {
        image = upstream.image("team/app", "1.0").layer(300_000).layer(70).push();
    }

    @Test
    void getOfManifestPrefetchesAllItsBlobs() throws Exception {
        Gate config = upstream.hold(Match.blob(image.config().digest()));
        Gate first = upstream.hold(Match.blob(image.layer(0)));
        Gate second = upstream.hold(Match.blob(image.layer(1)));
        assertEquals(200, status(manifest("team/app", "1.0")));
        for (Gate gate : new Gate[] {config, first, second}) {
            gate.awaitReached();
            gate.release();
        }
        assertArrayEquals(image.layerBytes(0), get(blob(image.layer(0))).body());
        assertArrayEquals(image.layerBytes(1), get(blob(image.layer(1))).body());
        for (FakeImage.Blob each : image.layers()) {
            assertEquals(
                    1,
                    upstream.requests(Match.blob(each.digest()).get()).size(),
                    "the client joined the download in flight");
        }
    }

    @Test
    void headOfManifestPrefetchesNothing() throws Exception {
        assertEquals(200, head(manifest("team/app", "1.0")).status());
        assertNothingWasPrefetched();
    }

    @Test
    void indexPrefetchesNothing() throws Exception {
        upstream.index("team/multi", "1.0", image);
        assertEquals(200, status(manifest("team/multi", "1.0")));
        assertNothingWasPrefetched();
    }

    @Test
    void prefetchCanBeSwitchedOff() throws Exception {
        startWith("prefetch: false\n");
        assertEquals(200, status(manifest("team/app", "1.0")));
        assertNothingWasPrefetched();
    }

    @Test
    void interruptedPrefetchResumesAtNextStart() throws Exception {
        Gate gate = upstream.holdBlobAfter(image.layer(0), 100_000);
        assertEquals(200, status(manifest("team/app", "1.0")));
        gate.awaitReached();
        stopServer();
        gate.release();
        upstream.heal();
        Gate again = upstream.hold(Match.blob(image.layer(0)).get());
        startWith("");
        again.awaitReached();
        again.release();
        assertArrayEquals(image.layerBytes(0), get(blob(image.layer(0))).body());
    }

    @Test
    void layerThatWasNotStartedIsFetchedAtNextStart() throws Exception {
        Gate config = upstream.hold(Match.blob(image.config().digest()).get());
        assertEquals(200, status(manifest("team/app", "1.0")));
        config.awaitReached();
        stopServer();
        upstream.heal();
        Gate last = upstream.hold(Match.blob(image.layer(1)).get());
        startWith("");
        last.awaitReached();
        last.release();
        assertArrayEquals(image.layerBytes(1), get(blob(image.layer(1))).body());
    }

    @Test
    void sameImageOfOtherRegistryIsPrefetchedToo() throws Exception {
        try (FakeUpstream other = FakeUpstream.start()) {
            startWith("- name: other.example\n  endpoint: " + other.url() + "\n");
            FakeImage same =
                    other.image("team/app", "1.0").layer(300_000).layer(70).push();
            assertEquals(image.digest(), same.digest());
            Gate first = upstream.hold(Match.blob(image.layer(1)).get());
            get(manifest("team/app", "1.0"));
            first.awaitReached();
            first.release();
            Gate second = other.hold(Match.blob(same.layer(1)));
            get("/v2/team/app/manifests/1.0?ns=other.example");
            second.awaitReached();
            second.release();
        }
    }

    /** A prefetch would start with the config and the first layer, before the client asks for the second. */
    private void assertNothingWasPrefetched() throws Exception {
        Response direct = get(blob(image.layer(1)));
        assertArrayEquals(image.layerBytes(1), direct.body());
        assertEquals(0, upstream.requests(Match.blob(image.layer(0))).size());
        assertTrue(upstream.requests(Match.blob(image.config().digest())).isEmpty());
    }

    private static String blob(Digest digest) {
        return blob("team/app", digest);
    }
}
