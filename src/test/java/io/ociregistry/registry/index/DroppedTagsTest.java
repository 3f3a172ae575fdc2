package io.ociregistry.registry.index;

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
import io.ociregistry.store.manifest.DiskManifestStore;
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

    /** One request gets a 404 for a tag while another one gets its manifest. */
    @Test
    void indexAndDiskAgreeIfATagIsDroppedAndConfirmedAtOnce() throws Exception {
        Layout layout = new Layout(root);
        layout.create();
        DiskManifestStore records = Records.in(layout);
        ContentIndex index = new ContentIndex(false);
        Manifest image = PrunedCache.image(List.of(PrunedCache.digest("layer")));
        ServerConfig config = new ConfigLoader(variable -> Optional.empty())
                .parse("", "test.yaml", Overrides.none())
                .config();
        RecordWatcher watcher = new RecordWatcher(records, index, RecordWatcher.ScanIntervals.DEFAULT);
        try (Upstreams upstreams = HttpUpstreams.of(config)) {
            RuntimeConfig runtimeConfig = RuntimeConfig.of(config);
            ManifestService manifests =
                    new ManifestService(records, index, watcher, upstreams, () -> runtimeConfig, Clock.systemUTC());
            for (int round = 0; round < ROUNDS; round++) {
                confirm(records, index, image);
                CyclicBarrier barrier = new CyclicBarrier(2);
                CompletableFuture<Void> dropped = after(barrier, () -> manifests.drop(NAME));
                CompletableFuture<Void> confirmed = after(barrier, () -> confirm(records, index, image));
                CompletableFuture.allOf(dropped, confirmed).join();
                boolean isOnDisk = records.record(image.digest()).orElseThrow().references().stream()
                        .map(RecordedReference::name)
                        .anyMatch(NAME::equals);
                assertEquals(isOnDisk, index.find(NAME).isPresent(), "round " + round);
            }
        } finally {
            watcher.close();
        }
    }

    private static void confirm(DiskManifestStore records, ContentIndex index, Manifest image) {
        records.confirm(image, NAME, Clock.systemUTC().instant(), record -> index.add(ManifestSummary.of(record)));
    }

    private static CompletableFuture<Void> after(CyclicBarrier barrier, Runnable work) {
        return CompletableFuture.runAsync(() -> {
            try {
                barrier.await();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            work.run();
        });
    }
}
