package io.ociregistry.registry;

import io.ociregistry.access.AdminToken;
import io.ociregistry.access.AdminTokenFile;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.metrics.MaintenanceMetrics;
import io.ociregistry.registry.admin.Admin;
import io.ociregistry.registry.admin.CacheContents;
import io.ociregistry.registry.admin.LiveContents;
import io.ociregistry.registry.admin.Loads;
import io.ociregistry.registry.admin.StateMetrics;
import io.ociregistry.registry.admin.StatusCollector;
import io.ociregistry.registry.archives.ArchiveImporter;
import io.ociregistry.registry.archives.ArchiveUploads;
import io.ociregistry.registry.archives.CacheImporter;
import io.ociregistry.registry.content.ContentSource;
import io.ociregistry.registry.load.ImageLoader;
import io.ociregistry.registry.load.LoadOptions;
import io.ociregistry.registry.load.Preload;
import io.ociregistry.registry.policy.RegistryNames;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.registry.prune.BackgroundPruner;
import io.ociregistry.registry.prune.PrunedStore;
import io.ociregistry.registry.prune.Pruner;
import io.ociregistry.registry.verify.BlobRepair;
import io.ociregistry.registry.verify.ManifestRepair;
import io.ociregistry.registry.verify.ReadRateLimit;
import io.ociregistry.registry.verify.Repair;
import io.ociregistry.registry.verify.Scrub;
import io.ociregistry.store.Inspector.ReadThrottle;
import io.ociregistry.store.Store;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Wires the work beside the requests of clients: loads, repairs, prunes, scrubs and the administration. */
final class MaintenanceWiring implements AutoCloseable {
    private static final Duration PRELOAD_PAUSE = Duration.ofMinutes(1);

    private final MaintenanceMetrics metrics;
    private final Store store;
    private final Supplier<RuntimeConfig> runtime;
    private final Clock clock;
    private final ImageLoader loader;
    private final Repair repair;
    private final Pruner pruner;
    private final BackgroundPruner backgroundPruner;
    private final Admin admin;
    private final Loads loads;
    /** Guarded by "this". */
    private @Nullable Scrub scrub;
    /** True once {@link #startScrub()} was called, so that a reload may start a scrub. Guarded by "this". */
    private boolean scrubEnabled;

    MaintenanceWiring(StoreWiring stores, PullThroughWiring content, Supplier<RuntimeConfig> runtime, Clock clock) {
        this.metrics = content.upstreams().metrics().maintenance();
        this.store = stores.store();
        this.runtime = runtime;
        this.clock = clock;
        ContentSource loads = content.source();
        this.loader = new ImageLoader(loads, this::names, importer(stores));
        this.repair = repair(stores, loads);
        this.pruner = new Pruner(
                PrunedStore.of(store),
                stores.index(),
                () -> runtime.get().pins(),
                clock,
                content.registry()::forget,
                metrics);
        this.backgroundPruner = new BackgroundPruner(pruner, store.quota(), runtime, clock);
        this.loads = new Loads(
                store.status(), loader, new ArchiveUploads(store::createTemporaryFile, ArchiveUploads.Times.DEFAULT));
        this.admin = admin(stores, content);
    }

    private ArchiveImporter importer(StoreWiring stores) {
        CacheImporter importer =
                new CacheImporter(store.manifests(), stores.index(), store.links(), store.blobs(), clock);
        return new ArchiveImporter(importer, this::names, config().maxManifestBytes());
    }

    private Repair repair(StoreWiring stores, ContentSource loads) {
        boolean airGapped = config().airGapped();
        return new Repair(
                stores.recordWatcher(),
                loads,
                () -> LoadOptions.of(config()),
                new ManifestRepair(store.manifests(), stores.index(), stores.recordWatcher(), loads, airGapped),
                new BlobRepair(store.manifests(), store.blobs(), store.inspector(ReadThrottle.UNBOUNDED), airGapped));
    }

    private Admin admin(StoreWiring stores, PullThroughWiring content) {
        ServerConfig config = config();
        LiveContents contents = new LiveContents(
                new CacheContents(stores.index(), store.manifests(), store.blobs()), stores.recordWatcher(), runtime);
        StatusCollector status =
                new StatusCollector(runtime, store.status(), contents, content.blobs(), content.upstreams(), clock);
        new StateMetrics(store, contents, content.blobs(), content.upstreams(), runtime).register();
        AdminTokenFile file =
                new AdminTokenFile(config.imagePath(), store.status().isWritable());
        return new Admin(() -> AdminToken.of(config.admin(), file), store.status(), contents, loads, pruner, status);
    }

    private ServerConfig config() {
        return runtime.get().config();
    }

    private RegistryNames names() {
        return runtime.get().names();
    }

    /** Starts the periodic prunes, unless the cache is read-only. */
    void startPruning() {
        if (store.status().isWritable()) {
            backgroundPruner.start();
        }
    }

    /** See {@link RegistryContext#startPreload}. */
    void startPreload() {
        Optional<String> files = config().preloadImages();
        if (files.isPresent() && store.status().isWritable()) {
            loads.start(new Preload(loader, files.get(), LoadOptions.of(config()), PRELOAD_PAUSE));
        }
    }

    /** See {@link RegistryContext#startScrub()}. */
    synchronized void startScrub() {
        scrubEnabled = true;
        scrubAtRate();
    }

    /** Caller holds the lock. */
    private void scrubAtRate() {
        long rate = config().cache().scrubRate();
        if (rate > 0 && scrubEnabled) {
            startScrub(new ReadRateLimit(rate), Scrub.Schedule.DEFAULT);
        }
    }

    /** See {@link RegistryContext#startScrub(ReadThrottle, Scrub.Schedule)}. */
    synchronized void startScrub(ReadThrottle throttle, Scrub.Schedule schedule) {
        if (store.status().isWritable()) {
            Scrub started = new Scrub(store, throttle, repair, schedule, clock, metrics);
            scrub = started;
            started.start();
        }
    }

    /** Applies the current configuration. */
    void reload(ServerConfig before) {
        backgroundPruner.reload();
        if (config().cache().scrubRate() != before.cache().scrubRate()) {
            restartScrub();
        }
    }

    private synchronized void restartScrub() {
        closeScrub();
        scrubAtRate();
    }

    ImageLoader loader() {
        return loader;
    }

    Repair repair() {
        return repair;
    }

    Pruner pruner() {
        return pruner;
    }

    Admin admin() {
        return admin;
    }

    private synchronized void stopScrubs() {
        scrubEnabled = false;
        closeScrub();
    }

    /** Caller holds the lock. */
    private void closeScrub() {
        if (scrub != null) {
            scrub.close();
            scrub = null;
        }
    }

    /** Stops everything that changes the store or asks upstreams by itself. */
    @Override
    public void close() {
        stopScrubs();
        backgroundPruner.close();
        admin.close();
        pruner.close();
    }
}
