package io.ociregistry.registry.list;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.ReferrerList;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.TagList;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.index.RecordWatcher;
import io.ociregistry.registry.manifest.ManifestService;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.store.ListName;
import io.ociregistry.store.blob.DiskListStore;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.manifest.DiskManifestStore;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded.Kind;
import io.ociregistry.testing.Records;
import io.ociregistry.upstream.Upstreams;
import io.ociregistry.upstream.pool.HttpUpstreams;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The time for which lists are fresh, and the lists given when they are stale. */
@Timeout(30)
class ListServiceTest {
    private static final Repository APP =
            ImageReference.parse("r.example/app:1").repository();

    private static final Paginator PAGES = new Paginator(() -> Duration.ofMinutes(1), System::nanoTime);

    @TempDir
    Path root;

    private final FakeUpstream upstream = FakeUpstream.start();
    private final FakeImage image = upstream.image("app", "1").layer(10).push();
    private final ListName.Referrers name = new ListName.Referrers(APP, image.digest());
    private final ManualClock clock = new ManualClock();
    private Upstreams upstreams;
    private RecordWatcher watcher;
    private RuntimeConfig runtimeConfig;
    private ListService<ListName.Tags, TagList> tags;
    private ListService<ListName.Referrers, ReferrerList> referrers;

    @BeforeEach
    void open() throws Exception {
        String yaml = "registries:\n- name: r.example\n  endpoint: " + upstream.url()
                + "\ntimeouts: {answer: 60s}\ncache: {negativeTtl: 0s}\n";
        ServerConfig config = new ConfigLoader(variable -> Optional.empty())
                .parse(yaml, "test.yaml", Overrides.none())
                .config();
        Layout layout = new Layout(root);
        layout.create();
        upstreams = HttpUpstreams.of(config);
        ContentIndex index = new ContentIndex(false);
        DiskManifestStore records = Records.in(layout);
        watcher = new RecordWatcher(records, index, RecordWatcher.ScanIntervals.DEFAULT);
        watcher.start(() -> {}, Duration.ofSeconds(20));
        runtimeConfig = RuntimeConfig.of(config);
        ManifestService manifests = new ManifestService(records, index, watcher, upstreams, () -> runtimeConfig, clock);
        DiskListStore store = new DiskListStore(layout);
        tags = new ListService<>(new TagLists(index, PAGES), store, upstreams, () -> runtimeConfig, clock);
        ReferrerLists source = new ReferrerLists(manifests, records, index, false, PAGES);
        referrers = new ListService<>(source, store, upstreams, () -> runtimeConfig, clock);
    }

    @AfterEach
    void close() {
        watcher.close();
        upstreams.close();
        upstream.close();
    }

    @Test
    void tagsAreFetchedAgainAfterTenSeconds() {
        assertEquals(List.of("1"), tags().list().tags());
        upstream.tag("app", "2", image.digest());
        clock.advance(Duration.ofMillis(9_999));
        assertEquals(List.of("1"), tags().list().tags());
        clock.advance(Duration.ofMillis(1));
        assertEquals(List.of("1", "2"), tags().list().tags());
    }

    @Test
    void referrersAreFetchedAgainAfterFiveMinutes() {
        pushReferrer();
        assertEquals(1, referrers());
        pushReferrer();
        clock.advance(Duration.ofMinutes(5).minusMillis(1));
        assertEquals(1, referrers());
        clock.advance(Duration.ofMillis(1));
        assertEquals(2, referrers());
    }

    @Test
    void emptyReferrersAreFetchedAgainAfterHalfAMinute() {
        assertEquals(0, referrers());
        pushReferrer();
        clock.advance(Duration.ofMillis(29_999));
        assertEquals(0, referrers());
        clock.advance(Duration.ofMillis(1));
        assertEquals(1, referrers());
    }

    @Test
    void listIsStaleAfterTheClockWasSetBack() {
        tags();
        clock.advance(Duration.ofDays(-1));
        upstream.tag("app", "2", image.digest());
        assertEquals(List.of("1", "2"), tags().list().tags());
    }

    @Test
    void staleListIsGivenWithItsAgeOnlyWhileTheUpstreamFails() {
        tags();
        clock.advance(Duration.ofHours(2));
        upstream.on(Match.of(Kind.TAGS)).once(Fault.status(401));
        ListResult<TagList> old = tags();
        assertEquals(List.of("1"), old.list().tags());
        String warning = old.warning().orElseThrow();
        assertTrue(warning.contains("2026-01-01T00:00:00Z (2h ago)") && warning.contains("401"), warning);
        assertEquals(Optional.empty(), tags().warning());
    }

    @Test
    void upstream404ReplacesTheCachedList() {
        tags();
        clock.advance(Duration.ofHours(2));
        upstream.on(Match.of(Kind.TAGS)).once(Fault.status(404));
        CompletionException failure = assertThrows(CompletionException.class, this::tags);
        assertEquals(ErrorCode.NAME_UNKNOWN, ((RegistryException) failure.getCause()).code());
    }

    @Test
    void cachedListIsGivenIfFetchingHasABug() {
        tags();
        clock.advance(Duration.ofHours(2));
        ListSource<ListName.Tags, TagList> source = new TagLists(new ContentIndex(false), PAGES);
        DiskListStore store = new DiskListStore(new Layout(root));
        ListService<ListName.Tags, TagList> broken =
                new ListService<>(failing(source), store, upstreams, () -> runtimeConfig, clock);
        ListResult<TagList> old = now(broken.get(new ListName.Tags(APP)));
        assertEquals(List.of("1"), old.list().tags());
        assertTrue(old.warning().orElseThrow().contains("internal error of this server"));
    }

    private ListResult<TagList> tags() {
        return now(tags.get(new ListName.Tags(APP)));
    }

    @SuppressWarnings("unchecked")
    private static <N extends ListName, V> ListSource<N, V> failing(ListSource<N, V> source) {
        return (ListSource<N, V>) Proxy.newProxyInstance(
                ListServiceTest.class.getClassLoader(),
                new Class<?>[] {ListSource.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("fetch")) {
                        throw new IllegalStateException("a bug");
                    }
                    return method.invoke(source, arguments);
                });
    }

    private int referrers() {
        String json = new String(now(referrers.get(name)).list().toJson(), StandardCharsets.UTF_8);
        return json.split("\"digest\"", -1).length - 1;
    }

    private void pushReferrer() {
        upstream.image("app")
                .seed(upstream.requests().size())
                .subject(image, "application/x")
                .layer(3)
                .push();
    }

    private static <T> T now(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private static final class ManualClock extends Clock {
        private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");

        void advance(Duration time) {
            now = now.plus(time);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
