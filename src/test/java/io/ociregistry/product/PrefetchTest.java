package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Gate;
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

/** A client that fetched an image manifest and left does not leave half an image. */
@Timeout(60)
class PrefetchTest {
    @TempDir
    Path images;

    private FakeUpstream upstream;
    private FakeImage image;
    private RunningRegistry registry;

    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        image = upstream.image("team/app", "1.0").layer(300_000).layer(70).push();
        registry = RunningRegistry.start(configuration(""), images);
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
    }

    @Test
    void aGetOfTheManifestBringsInAllThatItNames() throws Exception {
        Gate config = upstream.hold(Match.blob(image.config().digest()));
        Gate first = upstream.hold(Match.blob(image.layer(0)));
        Gate second = upstream.hold(Match.blob(image.layer(1)));
        assertEquals(200, get("/v2/team/app/manifests/1.0?ns=r.example").status());
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
                    "the client joined what was under way");
        }
    }

    @Test
    void aHeadOfTheManifestBringsInNothing() throws Exception {
        assertEquals(
                200,
                RawHttp.head(registry.base(), "/v2/team/app/manifests/1.0?ns=r.example")
                        .status());
        assertNothingWasPrefetched();
    }

    @Test
    void anIndexBringsInNothing_sinceNobodyKnowsWhichPlatformIsWanted() throws Exception {
        upstream.index("team/multi", "1.0", image);
        assertEquals(200, get("/v2/team/multi/manifests/1.0?ns=r.example").status());
        assertNothingWasPrefetched();
    }

    @Test
    void itCanBeSwitchedOff() throws Exception {
        registry.close();
        registry = RunningRegistry.start(configuration("prefetch: false\n"), images);
        assertEquals(200, get("/v2/team/app/manifests/1.0?ns=r.example").status());
        assertNothingWasPrefetched();
    }

    @Test
    void whatAStopInterruptedGoesOnAtTheNextStart_withoutAClient() throws Exception {
        Gate gate = upstream.holdBlobAfter(image.layer(0), 100_000);
        assertEquals(200, get("/v2/team/app/manifests/1.0?ns=r.example").status());
        gate.awaitReached();
        registry.close();
        gate.release();
        upstream.heal();
        Gate again = upstream.hold(Match.blob(image.layer(0)).get());
        registry = RunningRegistry.start(configuration(""), images);
        again.awaitReached();
        again.release();
        assertArrayEquals(image.layerBytes(0), get(blob(image.layer(0))).body());
    }

    @Test
    void layersThatWereNotEvenBegunComeAtTheNextStart_withoutAClient() throws Exception {
        Gate config = upstream.hold(Match.blob(image.config().digest()).get());
        assertEquals(200, get("/v2/team/app/manifests/1.0?ns=r.example").status());
        config.awaitReached();
        registry.close();
        upstream.heal();
        Gate last = upstream.hold(Match.blob(image.layer(1)).get());
        registry = RunningRegistry.start(configuration(""), images);
        last.awaitReached();
        last.release();
        assertArrayEquals(image.layerBytes(1), get(blob(image.layer(1))).body());
    }

    @Test
    void theSameImageOfAnotherRegistryIsBroughtInForItself() throws Exception {
        try (FakeUpstream other = FakeUpstream.start()) {
            registry.close();
            registry = RunningRegistry.start(
                    configuration("") + "- name: other.example\n  endpoint: " + other.url() + "\n", images);
            FakeImage same =
                    other.image("team/app", "1.0").layer(300_000).layer(70).push();
            assertEquals(image.digest(), same.digest());
            Gate first = upstream.hold(Match.blob(image.layer(1)).get());
            get("/v2/team/app/manifests/1.0?ns=r.example");
            first.awaitReached();
            first.release();
            Gate second = other.hold(Match.blob(same.layer(1)));
            get("/v2/team/app/manifests/1.0?ns=other.example");
            second.awaitReached();
            second.release();
        }
    }

    /** A prefetch would begin with the config and the first layer, before the client asks for the second. */
    private void assertNothingWasPrefetched() throws Exception {
        Response direct = get(blob(image.layer(1)));
        assertArrayEquals(image.layerBytes(1), direct.body());
        assertEquals(0, upstream.requests(Match.blob(image.layer(0))).size());
        assertTrue(upstream.requests(Match.blob(image.config().digest())).isEmpty());
    }

    private static String blob(Digest digest) {
        return "/v2/team/app/blobs/" + digest + "?ns=r.example";
    }

    private Response get(String path) throws Exception {
        return RawHttp.get(registry.base(), path);
    }

    private String configuration(String more) {
        return more + "registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n";
    }
}
