package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RunningRegistry;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A limit on the bandwidth to an upstream slows down what comes from there, and nothing else. */
@Timeout(60)
class LimitedBandwidthTest {
    /** 600,000 bytes at 400,000 a second, without the quarter of a second that may be made up for. */
    private static final Duration LEAST = Duration.ofMillis(1250);

    @TempDir
    Path images;

    @Test
    void aBlobTakesAsLongAsItShould_andIsServedFromTheCacheAtFullSpeed() throws Exception {
        try (FakeUpstream upstream = FakeUpstream.start()) {
            FakeImage image = upstream.image("team/app", "1.0").layer(600_000).push();
            String configuration = "prefetch: false\nregistries:\n- name: r.example\n  endpoint: " + upstream.url()
                    + "\n  limits: {bandwidth: 400KB}\n";
            try (RunningRegistry registry = RunningRegistry.start(configuration, images)) {
                long start = System.nanoTime();
                assertArrayEquals(image.layerBytes(0), blob(registry, image));
                long cold = System.nanoTime() - start;
                assertTrue(cold >= LEAST.toNanos(), cold + " ns");
                start = System.nanoTime();
                assertArrayEquals(image.layerBytes(0), blob(registry, image));
                long cached = System.nanoTime() - start;
                assertTrue(cached < LEAST.toNanos(), cached + " ns");
            }
        }
    }

    private static byte[] blob(RunningRegistry registry, FakeImage image) throws Exception {
        return RawHttp.get(registry.base(), "/v2/team/app/blobs/" + image.layer(0) + "?ns=r.example")
                .body();
    }
}
