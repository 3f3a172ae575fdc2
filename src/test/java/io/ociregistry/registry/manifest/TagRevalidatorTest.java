package io.ociregistry.registry.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.metrics.Metrics;
import io.ociregistry.metrics.Provenance;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.index.RecordWatcher;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.Quarantine;
import io.ociregistry.store.manifest.DiskManifestStore;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Match;
import io.ociregistry.upstream.Priority;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.Upstreams;
import io.ociregistry.upstream.pool.HttpUpstreams;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class TagRevalidatorTest {
    private static final ImageReference NAME = ImageReference.parse("r.example/app:1");
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final FakeUpstream upstream = FakeUpstream.start();
    private final FakeImage image = upstream.image("app", "1").layer(10).push();
    private final Manifest cached = Manifest.parse(image.manifest(), image.mediaType());
    private final ContentIndex index = new ContentIndex(false);

    @TempDir
    Path root;

    private DiskManifestStore store;
    private RecordWatcher watcher;
    private Upstreams upstreams;
    private ManifestService manifests;

    @BeforeEach
    void open() throws Exception {
        String yaml = "registries:\n- name: r.example\n  endpoint: " + upstream.url()
                + "\n  tags: [{pattern: '*', policy: 1h}]\ntimeouts: {answer: 60s}\n";
        ServerConfig config = new ConfigLoader(variable -> Optional.empty())
                .parse(yaml, "test.yaml", Overrides.none())
                .config();
        upstreams = HttpUpstreams.of(config);
        RuntimeConfig runtimeConfig = RuntimeConfig.of(config);
        Layout layout = new Layout(root);
        layout.create();
        store = new DiskManifestStore(layout, new Quarantine(layout), config.maxManifestBytes());
        watcher = new RecordWatcher(store, index, RecordWatcher.ScanIntervals.DEFAULT);
        watcher.start(() -> {}, Duration.ofSeconds(20));
        manifests = new ManifestService(
                store,
                index,
                watcher,
                new BrokenUpstreams(upstreams),
                () -> runtimeConfig,
                Clock.fixed(NOW, ZoneOffset.UTC));
    }

    @AfterEach
    void close() {
        watcher.close();
        upstreams.close();
        upstream.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT-59M"})
    void tagConfirmedWithinTheAgeOfItsRuleIsFresh(Duration ago) {
        confirmedAt(NOW.plus(ago));
        assertEquals(ManifestResult.of(cached), answer());
        assertEquals(0, upstream.requests().size());
    }

    /** A confirmation made while the clock was ahead must not keep a tag fresh until that time. */
    @ParameterizedTest
    @ValueSource(strings = {"PT-1H", "PT1S", "P100000D"})
    void staleOrFutureConfirmationIsRevalidated(Duration ago) {
        confirmedAt(NOW.plus(ago));
        assertEquals(ManifestResult.of(cached, Provenance.REVALIDATED), answer());
        assertEquals(1, upstream.requests(Match.manifests().head()).size());
    }

    @Test
    void cachedManifestIsServedIfRevalidationHasABug() {
        confirmedAt(NOW.minus(Duration.ofDays(1)));
        upstream.image("app", "1").layer(20).push();
        ManifestResult found = answer();
        assertEquals(cached, found.manifest());
        String warning = found.warning().orElseThrow();
        assertTrue(warning.contains("(24h ago)") && warning.contains("internal error of this server"), warning);
    }

    @Test
    void freshManifestIsAHitOnceItsRecordIsInMemory() throws IOException {
        assertEquals(Optional.empty(), manifests.getCached(NAME));
        confirmedAt(NOW);
        ImageReference digest = new ImageReference(NAME.repository(), cached.digest());
        assertEquals(Optional.of(ManifestResult.of(cached)), manifests.getCached(NAME));
        assertEquals(Optional.of(ManifestResult.of(cached)), manifests.getCached(digest));
        try (Stream<Path> files = Files.walk(root)) {
            Path record = files.filter(
                            file -> file.toString().contains(cached.digest().hex()))
                    .findAny()
                    .orElseThrow();
            Files.setLastModifiedTime(record, FileTime.from(NOW));
        }
        assertEquals(Optional.empty(), manifests.getCached(NAME), "the changed file was not read yet");
        ManifestResult read = answer();
        assertEquals(cached.digest(), read.manifest().digest());
        assertEquals(Optional.of(read), manifests.getCached(NAME));
        assertEquals(0, upstream.requests().size());
    }

    @Test
    void staleTagIsNoHitAndItsDigestIs() {
        confirmedAt(NOW.minus(Duration.ofDays(1)));
        assertEquals(Optional.of(cached), manifests.cached(NAME));
        assertEquals(Optional.empty(), manifests.getCached(NAME));
        ImageReference digest = new ImageReference(NAME.repository(), cached.digest());
        assertEquals(Optional.of(ManifestResult.of(cached)), manifests.getCached(digest));
    }

    /** Upstreams with a bug in their GET of manifests. */
    private record BrokenUpstreams(Upstreams real) implements Upstreams {
        @Override
        public Upstream get(RegistryName registry) {
            Upstream sound = real.get(registry);
            return (Upstream) Proxy.newProxyInstance(
                    Upstream.class.getClassLoader(), new Class<?>[] {Upstream.class}, (proxy, method, arguments) -> {
                        if (method.getName().equals("manifest")) {
                            throw new IllegalStateException("a bug");
                        }
                        return method.invoke(sound, arguments);
                    });
        }

        @Override
        public List<Upstream> known() {
            return real.known();
        }

        @Override
        public Metrics metrics() {
            return real.metrics();
        }

        @Override
        public void reload(ServerConfig config) {
            real.reload(config);
        }

        @Override
        public void close() {
            real.close();
        }
    }

    private void confirmedAt(Instant time) {
        store.confirm(cached, NAME, time, record -> index.add(ManifestSummary.of(record)));
    }

    private ManifestResult answer() {
        return manifests.find(NAME, Priority.CLIENT).toCompletableFuture().join();
    }
}
