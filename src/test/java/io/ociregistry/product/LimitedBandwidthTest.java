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

/** Limits the bandwidth of downloads from an upstream, and of nothing else. */
@Timeout(60)
class LimitedBandwidthTest {
    /** The time of 600,000 bytes at 400,000 a second, less the quarter of a second that may be caught up. */
    private static final Duration LEAST = Duration.ofMillis(1250);

    @TempDir
    Path images;

    @Test
    void bandwidthLimitSlowsDownloadAndNoHit() throws Exception {
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
