package io.ociregistry.registry.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.registry.manifest.ManifestResult;
import io.ociregistry.registry.manifest.ManifestService;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.ManifestStore;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.manifest.DiskManifestStore;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Records;
import io.ociregistry.upstream.Upstreams;
import io.ociregistry.upstream.pool.HttpUpstreams;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Requests while the records of the cache are still being read. */
@Timeout(60)
class RecordWatcherTest {
    private static final ImageReference TAG = ImageReference.parse("r.example/team/app:1.0");
    private static final ImageReference OTHER = ImageReference.parse("r.example/team/other:1.0");

    @TempDir
    Path root;

    private final CountDownLatch held = new CountDownLatch(1);
    private FakeUpstream upstream;
    private Upstreams upstreams;
    private Manifest image;
    private RecordWatcher watcher;
    private ManifestService manifests;

    @BeforeEach
    void startAndHold() throws Exception {
        upstream = FakeUpstream.start();
        ServerConfig config = new ConfigLoader(variable -> Optional.empty())
                .parse(
                        "registries:\n- name: r.example\n  endpoint: " + upstream.url()
                                + "\n- name: evil.example\n  endpoint: " + upstream.url() + "\n",
                        "test.yaml",
                        Overrides.none())
                .config();
        upstreams = HttpUpstreams.of(config);
        Layout layout = new Layout(root);
        layout.create();
        image = manifest("{\"config\":{},\"layers\":[],\"mediaType\":\"" + MediaType.OCI_MANIFEST + "\"}");
        Manifest listing = manifest("{\"manifests\":[{\"digest\":\"" + image.digest() + "\",\"size\":5}]}");
        DiskManifestStore earlier = Records.in(layout);
        earlier.confirm(image, TAG, Instant.now());
        earlier.confirm(listing, ImageReference.parse("evil.example/a:1"), Instant.now());

        DiskManifestStore records = Records.in(layout);
        ContentIndex index = new ContentIndex(false);
        watcher = new RecordWatcher(records, index, RecordWatcher.ScanIntervals.DEFAULT);
        watcher.start(this::hold, Duration.ofMillis(10));
        RuntimeConfig runtimeConfig = RuntimeConfig.of(config);
        manifests = new ManifestService(records, index, watcher, upstreams, () -> runtimeConfig, Clock.systemUTC());
    }

    @AfterEach
    void close() {
        held.countDown();
        watcher.close();
        upstreams.close();
        upstream.close();
    }

    @Test
    void digestIsServedDuringTheFirstScanAndATagAfterIt() throws Exception {
        assertFalse(watcher.isReady());
        CompletableFuture<ManifestResult> byDigest = get(new ImageReference(TAG.repository(), image.digest()));
        assertEquals(image.digest(), byDigest.join().manifest().digest());
        CompletableFuture<ManifestResult> byTag = get(TAG);
        assertFalse(byTag.isDone());
        held.countDown();
        assertEquals(image.digest(), byTag.get(20, TimeUnit.SECONDS).manifest().digest());
        assertTrue(watcher.isReady());
        assertEquals(0, upstream.requests().size());
    }

    @Test
    void manifestOfAnotherRegistryIsNotServedDuringTheFirstScan() {
        CompletableFuture<ManifestResult> named = get(ImageReference.parse("evil.example/a@" + image.digest()));
        assertFalse(named.isDone());
        held.countDown();
        assertTrue(
                named.handle((found, failure) -> failure != null).join(),
                "its own upstream does not have the manifest");
    }

    @Test
    void firstScanFindsChangesMadeBeforeIt() throws Exception {
        Layout layout = new Layout(root);
        DiskManifestStore written = Records.in(layout);
        written.confirm(image, OTHER, Instant.now());
        DiskManifestStore records = Records.in(layout);
        records.pullTimes().recordPull(TAG.repository(), image.digest(), Instant.now());
        records.flushPullTimes(Instant.now().plus(Duration.ofDays(2)));
        assertTrue(records.remove(image.digest(), new ManifestStore.Removal() {
            @Override
            public List<RecordedReference> remaining(ManifestRecord record) {
                return record.references().stream()
                        .filter(reference -> reference.name().equals(TAG))
                        .toList();
            }

            @Override
            public void removed(ManifestRecord before, List<RecordedReference> left) {}
        }));
        ContentIndex index = new ContentIndex(false);
        try (RecordWatcher first = new RecordWatcher(records, index, RecordWatcher.ScanIntervals.DEFAULT)) {
            first.start(() -> {}, Duration.ofSeconds(20));
            assertEquals(Optional.of(image.digest()), index.find(TAG));
            assertEquals(Optional.empty(), index.find(OTHER));
        }
    }

    private CompletableFuture<ManifestResult> get(ImageReference name) {
        return manifests.get(name).toCompletableFuture();
    }

    private void hold() {
        try {
            held.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Manifest manifest(String json) {
        return Manifest.parse(json.getBytes(StandardCharsets.UTF_8), MediaType.NONE);
    }
}
