package io.ociregistry.registry.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.policy.NegativeCache;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Match;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.Upstreams;
import io.ociregistry.upstream.pool.HttpUpstreams;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
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
    private Upstreams upstreams;
    private TagRevalidator revalidator;

    @BeforeEach
    void open() throws Exception {
        String yaml = "registries:\n- name: r.example\n  endpoint: " + upstream.url()
                + "\n  tags: [{pattern: '*', policy: 1h}]\ntimeouts: {answer: 60s}\n";
        ServerConfig config = new ConfigLoader(variable -> Optional.empty())
                .parse(yaml, "test.yaml", Overrides.none())
                .config();
        upstreams = HttpUpstreams.of(config);
        RuntimeConfig runtimeConfig = RuntimeConfig.of(config);
        revalidator = new TagRevalidator(
                index,
                upstreams,
                () -> runtimeConfig,
                new FailingCache(),
                new NegativeCache<>(Duration.ZERO, System::nanoTime),
                Clock.fixed(NOW, ZoneOffset.UTC));
    }

    @AfterEach
    void close() {
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
        assertEquals(ManifestResult.of(cached), answer());
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

    private static final class FailingCache implements TagRevalidator.ManifestCache {
        @Override
        public Manifest fetch(Upstream upstream, ImageReference source, ImageReference name) {
            throw new IllegalStateException("a bug");
        }

        @Override
        public void drop(ImageReference name) {}
    }

    private void confirmedAt(Instant time) {
        index.add(
                ManifestSummary.of(new ManifestRecord(cached, List.of(new RecordedReference(NAME, time, time, time)))));
    }

    private ManifestResult answer() {
        return revalidator.revalidateIfStale(NAME, cached).toCompletableFuture().join();
    }
}
