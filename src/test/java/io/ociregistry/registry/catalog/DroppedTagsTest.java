package io.ociregistry.registry.catalog;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.registry.manifest.ManifestService;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.registry.prune.PrunedCache;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.manifest.ManifestStore;
import io.ociregistry.testing.Records;
import io.ociregistry.upstream.Upstreams;
import io.ociregistry.upstream.pool.HttpUpstreams;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DroppedTagsTest {
    private static final ImageReference NAME = ImageReference.parse("r.example/app:1");
    private static final int ROUNDS = 8;

    @TempDir
    Path root;

    /** One client hears 404 of a tag while another one is sent it. */
    @Test
    void aTagThatIsDroppedAndConfirmedAtOnceIsKnownInMemoryExactlyIfTheDiskHasIt() throws Exception {
        Layout layout = new Layout(root);
        layout.create();
        ManifestStore records = Records.in(layout);
        ContentIndex catalog = new ContentIndex(false);
        Manifest image = PrunedCache.image(List.of(PrunedCache.digest("layer")));
        ServerConfig config = new ConfigLoader(variable -> Optional.empty())
                .parse("", "test.yaml", Overrides.none())
                .config();
        RecordWatcher discovery = new RecordWatcher(records, catalog, RecordWatcher.Pace.USUAL);
        try (Upstreams upstreams = HttpUpstreams.of(config)) {
            RuntimeConfig rules = RuntimeConfig.of(config);
            ManifestService manifests =
                    new ManifestService(records, catalog, discovery, upstreams, () -> rules, Clock.systemUTC());
            for (int round = 0; round < ROUNDS; round++) {
                confirm(records, catalog, image);
                CyclicBarrier together = new CyclicBarrier(2);
                CompletableFuture<Void> dropped = after(together, () -> manifests.drop(NAME));
                CompletableFuture<Void> confirmed = after(together, () -> confirm(records, catalog, image));
                CompletableFuture.allOf(dropped, confirmed).join();
                boolean isOnDisk = records.record(image.digest()).orElseThrow().references().stream()
                        .map(RecordedReference::name)
                        .anyMatch(NAME::equals);
                assertEquals(isOnDisk, catalog.find(NAME).isPresent(), "round " + round);
            }
        } finally {
            discovery.close();
        }
    }

    private static void confirm(ManifestStore records, ContentIndex catalog, Manifest image) {
        records.confirm(image, NAME, Clock.systemUTC().instant(), record -> catalog.add(ManifestSummary.of(record)));
    }

    private static CompletableFuture<Void> after(CyclicBarrier together, Runnable work) {
        return CompletableFuture.runAsync(() -> {
            try {
                together.await();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            work.run();
        });
    }
}
