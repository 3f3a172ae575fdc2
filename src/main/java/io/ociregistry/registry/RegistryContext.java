package io.ociregistry.registry;

import io.ociregistry.access.ClientAccess;
import io.ociregistry.common.BuildInfo;
import io.ociregistry.common.Daemons;
import io.ociregistry.common.Pools;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.registry.admin.Admin;
import io.ociregistry.registry.admin.CacheContents;
import io.ociregistry.registry.admin.LiveContents;
import io.ociregistry.registry.admin.StatusCollector;
import io.ociregistry.registry.archives.ArchiveImporter;
import io.ociregistry.registry.archives.CacheImporter;
import io.ociregistry.registry.blob.BlobService;
import io.ociregistry.registry.content.ContentSource;
import io.ociregistry.registry.content.Prefetch;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.index.RecordWatcher;
import io.ociregistry.registry.list.ListService;
import io.ociregistry.registry.list.ListSource;
import io.ociregistry.registry.list.Listings;
import io.ociregistry.registry.list.Paginator;
import io.ociregistry.registry.list.ReferrerLists;
import io.ociregistry.registry.list.TagLists;
import io.ociregistry.registry.load.ImageLoader;
import io.ociregistry.registry.load.LoadOptions;
import io.ociregistry.registry.load.Preload;
import io.ociregistry.registry.manifest.ManifestService;
import io.ociregistry.registry.policy.RegistryNames;
import io.ociregistry.registry.policy.RegistryTrust;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.registry.prune.BackgroundPruner;
import io.ociregistry.registry.prune.PrunedStore;
import io.ociregistry.registry.prune.Pruner;
import io.ociregistry.registry.verify.BlobRepair;
import io.ociregistry.registry.verify.ManifestRepair;
import io.ociregistry.registry.verify.Repair;
import io.ociregistry.registry.verify.Scrub;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.DiskQuota;
import io.ociregistry.store.ListName;
import io.ociregistry.store.ReadThrottle;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.blob.ConfirmedLinks;
import io.ociregistry.store.blob.IncompleteImages;
import io.ociregistry.store.blob.ListStore;
import io.ociregistry.store.check.Inspector;
import io.ociregistry.store.check.ReadRateLimit;
import io.ociregistry.store.check.ScrubTimeFile;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.StoreAccess;
import io.ociregistry.store.manifest.ManifestStore;
import io.ociregistry.upstream.Upstreams;
import io.ociregistry.upstream.Via;
import io.ociregistry.upstream.pool.HttpUpstreams;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wires all parts of one running registry. The caller that opens it closes it. Thread-safe. */
public final class RegistryContext implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryContext.class);

    /** Limit of the wait for the index of the cache at the start; the first read of a large index takes longer. */
    private static final Duration START_TIMEOUT = Duration.ofSeconds(1);

    private static final Duration DISK_CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private static final Duration PRELOAD_PAUSE = Duration.ofMinutes(1);

    private final Clock clock;
    private final ClientAccess clientAccess;
    private final StoreAccess access;
    private final Upstreams upstreams;
    private final ExecutorService diskExecutor;
    private final ExecutorService bodyExecutor;
    private final RecordWatcher recordWatcher;
    private final PeriodicFlusher flusher;
    /** Replaced by a reload, under the lock. */
    private volatile RuntimeConfig runtime;

    private final Registry registry;
    private final Listings listings;
    private final ContentSource content;
    private final ImageLoader loader;
    private volatile @Nullable Preload preload;
    private final Pruner pruner;
    private final BackgroundPruner backgroundPruner;
    private final Admin admin;
    private final BlobStore blobs;
    private final Repair repair;
    /** The parts that a reload updates, in this order. */
    private final List<Reloadable> reloadables;
    /** Guarded by "this". */
    private @Nullable Scrub scrub;

    /** True once {@link #startScrub()} was called, so that a reload may start a scrub. Guarded by "this". */
    private boolean scrubEnabled;

    private RegistryContext(
            ServerConfig config,
            ClientAccess clients,
            StoreAccess access,
            Upstreams upstreams,
            Clock clock,
            RecordWatcher.ScanIntervals intervals) {
        this.runtime = RuntimeConfig.of(config);
        this.clock = clock;
        this.clientAccess = clients;
        this.access = access;
        this.upstreams = upstreams;
        int processors = Runtime.getRuntime().availableProcessors();
        this.diskExecutor = daemons("disk-", Math.max(2, processors / 2));
        this.bodyExecutor = daemons("delivery-", Math.max(4, processors * 2));
        Layout layout = access.layout();
        DiskQuota quota = BackgroundPruner.quota(config.cache());
        this.blobs = new BlobStore(layout, () -> config().timeouts().stall(), quota, System::nanoTime);
        ManifestStore records = new ManifestStore(layout, config.maxManifestBytes());
        ContentIndex index = new ContentIndex(config.airGapped());
        this.recordWatcher = new RecordWatcher(records, index, intervals);
        ConfirmedLinks links = new ConfirmedLinks(layout);
        ManifestService manifests = new ManifestService(records, index, recordWatcher, upstreams, this::runtime, clock);
        IncompleteImages incompleteImages = new IncompleteImages(layout);
        BlobService blobService = new BlobService(recordWatcher, links, blobs, upstreams, diskExecutor, this::runtime);
        ListStore lists = new ListStore(layout);
        Paginator paginator = new Paginator(() -> config().timeouts().stall().multipliedBy(10), System::nanoTime);
        this.listings = new Listings(
                recordWatcher,
                lists(new TagLists(index, paginator), lists, clock),
                lists(new ReferrerLists(manifests, records, index, config.airGapped(), paginator), lists, clock));
        this.content = new ContentSource(manifests, blobService, listings);
        // Nothing is prefetched if the store is read-only or no upstream may be asked.
        boolean prefetches = layout.isWritable() && !config.airGapped();
        Optional<Prefetch> prefetch =
                prefetches ? Optional.of(new Prefetch(content, this::runtime, incompleteImages)) : Optional.empty();
        this.registry = new Registry(manifests, blobService, prefetch);
        ArchiveImporter archives = new ArchiveImporter(
                new CacheImporter(records, index, links, blobs, clock), this::registryNames, config.maxManifestBytes());
        this.loader = new ImageLoader(content, this::registryNames, archives);
        Inspector inspector = new Inspector(layout, config.maxManifestBytes(), ReadThrottle.UNBOUNDED);
        this.repair = new Repair(
                recordWatcher,
                content,
                () -> LoadOptions.of(config()),
                new ManifestRepair(records, index, recordWatcher, content, config.airGapped()),
                new BlobRepair(records, blobs, inspector, config.airGapped()));
        PrunedStore pruned = new PrunedStore(records, blobs, links, lists, incompleteImages);
        this.pruner = new Pruner(pruned, index, () -> runtime.pins(), clock, registry::forget);
        this.backgroundPruner = new BackgroundPruner(pruner, quota, this::runtime, clock);
        LiveContents contents =
                new LiveContents(new CacheContents(index, records, blobs), recordWatcher, this::runtime);
        StatusCollector status = new StatusCollector(this::runtime, access, contents, blobService, upstreams, clock);
        this.admin = new Admin(config.admin(), access, contents, loader, pruner, status);
        recordWatcher.start(
                () -> {
                    restore(links, index, blobs, runtime.trust());
                    registry.resumeInterrupted();
                    if (layout.isWritable()) {
                        backgroundPruner.start();
                    }
                },
                START_TIMEOUT);
        this.flusher = new PeriodicFlusher(
                PeriodicFlusher.INTERVAL,
                records::save,
                () -> records.flushPullTimes(clock.instant()),
                links::save,
                blobs::save);
        this.reloadables = List.of(
                (before, after) -> upstreams.reload(after.config()),
                (before, after) -> runtime = after,
                (before, after) -> registry.reload(after.config()),
                (before, after) -> listings.reload(after.config()),
                (before, after) -> backgroundPruner.reload(),
                this::reloadScrub);
    }

    /**
     * A part that a reload updates. Only the first part may refuse a configuration, before any part has changed.
     */
    private interface Reloadable {
        void reload(RuntimeConfig before, RuntimeConfig after);
    }

    /**
     * Restores the stored links of the cache. A cache without stored links starts with links to the stored blobs that
     * its manifests name.
     */
    private static void restore(ConfirmedLinks links, ContentIndex index, BlobStore blobs, RegistryTrust trust) {
        if (links.fileExists()) {
            links.forEach(index::restore);
        } else {
            List<ConfirmedLink> named = index.initialLinks(blobs::contains, trust::isPublic);
            named.forEach(index::restore);
            links.create(named);
        }
    }

    private <N extends ListName, V> ListService<N, V> lists(ListSource<N, V> kind, ListStore lists, Clock clock) {
        return new ListService<>(kind, lists, upstreams, this::runtime, clock);
    }

    /**
     * Opens the store and wires the registry; sends no request.
     *
     * @throws IOException if the image path can't be used; the message says why
     * @throws io.ociregistry.common.UnusableFileException if a file that authenticates clients can't be used
     */
    public static RegistryContext open(ServerConfig config) throws IOException {
        return open(config, HttpUpstreams.of(config), Clock.systemUTC());
    }

    /**
     * Opens the store for a command, which may run as another user than the server. The owner of the cache can read the
     * files that the command writes.
     *
     * @throws IOException if the image path can't be used, or if this user can't give files to the owner; the message
     *     says what to do
     */
    public static RegistryContext openForCommand(ServerConfig config) throws IOException {
        return openWith(StoreAccess.openForCommand(config.imagePath(), holder()), config);
    }

    private static String holder() {
        return "ociregistry " + BuildInfo.read().version();
    }

    /** Opens the store with other upstreams, which this context closes, and another clock. */
    public static RegistryContext open(ServerConfig config, Upstreams upstreams, Clock clock) throws IOException {
        return open(config, upstreams, clock, RecordWatcher.ScanIntervals.DEFAULT);
    }

    /**
     * Wires the registry to an open store. This context closes the store, also if the wiring fails.
     *
     * @throws IOException if the upstreams can't be used as configured
     */
    static RegistryContext openWith(StoreAccess access, ServerConfig config) throws IOException {
        return openWith(
                access, config, HttpUpstreams.of(config), Clock.systemUTC(), RecordWatcher.ScanIntervals.DEFAULT);
    }

    /** Opens the store with another interval for finding files that other programs add to the cache. */
    static RegistryContext open(
            ServerConfig config, Upstreams upstreams, Clock clock, RecordWatcher.ScanIntervals intervals)
            throws IOException {
        return openWith(StoreAccess.open(config.imagePath(), holder()), config, upstreams, clock, intervals);
    }

    private static RegistryContext openWith(
            StoreAccess access,
            ServerConfig config,
            Upstreams upstreams,
            Clock clock,
            RecordWatcher.ScanIntervals intervals)
            throws IOException {
        try {
            return new RegistryContext(config, ClientAccess.of(config.clients()), access, upstreams, clock, intervals);
        } catch (RuntimeException | Error e) {
            access.close();
            throw e;
        }
    }

    /**
     * Starts the preload of the configured image files in the background, if there are any. Reads no file and sends no
     * request before it returns.
     */
    public void startPreload() {
        Optional<String> files = config().preloadImages();
        if (files.isPresent() && access.layout().isWritable()) {
            Preload started = new Preload(loader, files.get(), LoadOptions.of(config()), PRELOAD_PAUSE);
            preload = started;
            started.start();
        }
    }

    /** Starts the scrub in the background, unless {@code cache.scrubRate} is 0. */
    public synchronized void startScrub() {
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

    /** Starts a scrub with another rate and schedule; does nothing if the cache is read-only. */
    public synchronized void startScrub(ReadThrottle throttle, Scrub.Schedule schedule) {
        if (access.layout().isWritable()) {
            Inspector inspector = new Inspector(access.layout(), config().maxManifestBytes(), throttle);
            Scrub started = new Scrub(inspector, blobs, repair, schedule, new ScrubTimeFile(access.layout()), clock);
            scrub = started;
            started.start();
        }
    }

    /** Returns a warning for the log at the start, such as that the cache is read-only. */
    public Optional<String> startupWarning() {
        return access.warning();
    }

    /** Returns the current configuration, including the changes of reloads. */
    public ServerConfig config() {
        return runtime.config();
    }

    private RuntimeConfig runtime() {
        return runtime;
    }

    /**
     * Applies another configuration, as far as its keys are reloadable (ADR 30). Downloads in flight
     * are not interrupted; they end with the upstream that they started with.
     *
     * @throws io.ociregistry.oci.RegistryException if the configuration can't be used; the current one then stays in
     *     use
     */
    public synchronized void reload(ServerConfig wanted) {
        RuntimeConfig before = runtime;
        RuntimeConfig after = before.reloaded(before.config().reloaded(wanted));
        reloadables.forEach(part -> part.reload(before, after));
    }

    /** Caller holds the lock. */
    private void reloadScrub(RuntimeConfig before, RuntimeConfig after) {
        if (after.config().cache().scrubRate() != before.config().cache().scrubRate()) {
            closeScrub();
            scrubAtRate();
        }
    }

    /** Decides which clients may use the server. */
    public ClientAccess clientAccess() {
        return clientAccess;
    }

    /** Returns the registry names of the current configuration. */
    public RegistryNames registryNames() {
        return runtime.names();
    }

    public Registry registry() {
        return registry;
    }

    /** Prunes the cache that is served. */
    public Pruner pruner() {
        return pruner;
    }

    /** Repairs the cache that is served. */
    Repair repair() {
        return repair;
    }

    public Listings listings() {
        return listings;
    }

    /** Returns the content for background work. */
    public ContentSource content() {
        return content;
    }

    /** Loads images ahead of requests; usable while the server runs. */
    public ImageLoader loader() {
        return loader;
    }

    /**
     * Runs work for the request of a client. Requests to upstreams extend the client's {@code Via} header. If that
     * header already names this server, no upstream is asked (ADR 18).
     *
     * @param via the {@code Via} headers of the request
     */
    public <T> T forRequest(List<String> via, Supplier<T> work) {
        return Via.parse(via).call(work);
    }

    /** Returns the administration of this registry. */
    public Admin admin() {
        return admin;
    }

    /** Runs the writing of bodies; tasks never wait for a client or an upstream. */
    public ExecutorService bodyExecutor() {
        return bodyExecutor;
    }

    /** True if the store can be read; sends no request. */
    public boolean isReady() {
        return Files.isReadable(access.layout().root());
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

    @Override
    public void close() {
        stopScrubs();
        backgroundPruner.close();
        Preload started = preload;
        if (started != null) {
            started.close();
        }
        clientAccess.close();
        admin.close();
        pruner.close();
        registry.close();
        upstreams.close();
        stop(diskExecutor);
        bodyExecutor.shutdownNow();
        flusher.close();
        recordWatcher.close();
        access.close();
    }

    /**
     * Waits for the file checks to stop, because they must not write to the verified index after the lock is released.
     */
    private static void stop(ExecutorService disk) {
        if (!Pools.shutdownNow(disk, DISK_CLOSE_TIMEOUT)) {
            LOG.warn(
                    "file checks of the cache did not stop within {} s; stopping without them;"
                            + " check whether the disk of the cache is slow or hangs",
                    DISK_CLOSE_TIMEOUT.toSeconds());
        }
    }

    /** A pool of daemon threads. Its queue needs no bound: each task belongs to a request that waits for it. */
    private static ExecutorService daemons(String name, int count) {
        return Executors.newFixedThreadPool(count, Daemons.withPrefix(name));
    }
}
