package io.ociregistry.registry;

import io.ociregistry.access.ClientAccess;
import io.ociregistry.common.BuildInfo;
import io.ociregistry.common.Daemons;
import io.ociregistry.common.Pools;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.registry.admin.Admin;
import io.ociregistry.registry.admin.CacheContents;
import io.ociregistry.registry.admin.LiveContents;
import io.ociregistry.registry.admin.StatusCollector;
import io.ociregistry.registry.archives.ArchiveImporter;
import io.ociregistry.registry.archives.CacheImporter;
import io.ociregistry.registry.blob.BlobService;
import io.ociregistry.registry.blob.Prefetch;
import io.ociregistry.registry.catalog.ContentIndex;
import io.ociregistry.registry.catalog.RecordWatcher;
import io.ociregistry.registry.list.ListService;
import io.ociregistry.registry.list.ListSource;
import io.ociregistry.registry.list.Listings;
import io.ociregistry.registry.list.Paginator;
import io.ociregistry.registry.list.ReferrerLists;
import io.ociregistry.registry.list.TagLists;
import io.ociregistry.registry.load.FileImporter;
import io.ociregistry.registry.load.ImageLoader;
import io.ociregistry.registry.load.LoadOptions;
import io.ociregistry.registry.load.LoadSource;
import io.ociregistry.registry.load.Preload;
import io.ociregistry.registry.load.list.LoadPlan;
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
import io.ociregistry.store.ReadPace;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.blob.ConfirmedLinks;
import io.ociregistry.store.blob.IncompleteImages;
import io.ociregistry.store.blob.ListStore;
import io.ociregistry.store.check.Inspector;
import io.ociregistry.store.check.ScrubNote;
import io.ociregistry.store.check.SteadyPace;
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
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything one running registry consists of, wired once, here and nowhere else. Whoever opens it closes it. */
public final class RegistryContext implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryContext.class);

    /** How long a start waits for the index of the cache; a large one that was never read before takes longer. */
    private static final Duration START_PATIENCE = Duration.ofSeconds(1);

    private static final Duration DISK_PATIENCE = Duration.ofSeconds(5);

    private static final Duration PRELOAD_PAUSE = Duration.ofMinutes(1);

    private static final Set<Key<?>> RELOADED = Set.of(
            ServerKeys.REGISTRIES,
            ServerKeys.DEFAULT_NS,
            ServerKeys.UNLISTED_REGISTRIES,
            ServerKeys.ALWAYS_PULL_LATEST,
            ServerKeys.TIMEOUTS,
            ServerKeys.PREFETCH,
            ServerKeys.CACHE,
            ServerKeys.PRUNE_CONFIG,
            ServerKeys.OS,
            ServerKeys.ARCH,
            ServerKeys.PLATFORM,
            ServerKeys.PARALLEL,
            ServerKeys.WITH_REFERRERS,
            ServerKeys.PULL_TIMEOUT,
            ServerKeys.RESOLVE_REF,
            ServerKeys.IMAGE_FILE,
            ServerKeys.LIST_CONFIG,
            ServerKeys.RATE_LIMIT_STATUS,
            ServerKeys.SHUTDOWN_TIMEOUT);

    private final Clock clock;
    private final ClientAccess clients;
    private final StoreAccess access;
    private final Upstreams upstreams;
    private final ExecutorService disk;
    private final ExecutorService delivery;
    private final RecordWatcher discovery;
    private final PeriodicFlusher saving;
    /** Replaced under the lock. */
    private volatile RuntimeConfig rules;

    private final Registry registry;
    private final Listings listings;
    private final ImageLoader loader;
    private volatile @Nullable Preload preload;
    private final Pruner pruner;
    private final BackgroundPruner housekeeping;
    private final Admin admin;
    private final BlobStore blobs;
    private final Repair repair;
    /** Guarded by "this". */
    private @Nullable Scrub scrub;

    /** Whether it is to scrub, if the configuration wants it. Guarded by "this". */
    private boolean scrubs;

    private RegistryContext(
            ServerConfig config,
            ClientAccess clients,
            StoreAccess access,
            Upstreams upstreams,
            Clock clock,
            RecordWatcher.Pace pace) {
        this.rules = RuntimeConfig.of(config);
        this.clock = clock;
        this.clients = clients;
        this.access = access;
        this.upstreams = upstreams;
        int processors = Runtime.getRuntime().availableProcessors();
        this.disk = daemons("disk-", Math.max(2, processors / 2));
        this.delivery = daemons("delivery-", Math.max(4, processors * 2));
        Layout layout = access.layout();
        DiskQuota space = BackgroundPruner.space(config.cache());
        this.blobs = new BlobStore(layout, () -> config().timeouts().stall(), space, System::nanoTime);
        ManifestStore records = new ManifestStore(layout, config.maxManifestBytes());
        ContentIndex catalog = new ContentIndex(config.airGapped());
        this.discovery = new RecordWatcher(records, catalog, pace);
        ConfirmedLinks links = new ConfirmedLinks(layout);
        ManifestService manifests = new ManifestService(records, catalog, discovery, upstreams, this::rules, clock);
        IncompleteImages pending = new IncompleteImages(layout);
        BlobService transfers = new BlobService(discovery, links, blobs, upstreams, disk, this::rules);
        // Content that the store can't keep is not fetched before a client asks for it.
        boolean prefetches = layout.isWritable() && !config.airGapped();
        Prefetch.Source content = new PrefetchSource(manifests, transfers, catalog, blobs, this::rules);
        Optional<Prefetch> prefetch = prefetches ? Optional.of(new Prefetch(content, pending)) : Optional.empty();
        this.registry = new Registry(manifests, transfers, catalog, blobs, prefetch);
        ListStore lists = new ListStore(layout);
        Paginator pages = new Paginator(() -> config().timeouts().stall().multipliedBy(10), System::nanoTime);
        this.listings = new Listings(
                discovery,
                lists(new TagLists(catalog, pages), lists, clock),
                lists(new ReferrerLists(manifests, records, catalog, config.airGapped(), pages), lists, clock));
        FileImporter archives = new ArchiveImporter(
                new CacheImporter(records, catalog, links, blobs, clock), this::names, config.maxManifestBytes());
        LoadSource loads = registry.loadSource(listings);
        this.loader = new ImageLoader(loads, this::names, archives);
        Inspector inspector = new Inspector(layout, config.maxManifestBytes(), ReadPace.UNBOUNDED);
        this.repair = new Repair(
                discovery,
                loads,
                () -> LoadOptions.of(config()),
                new ManifestRepair(records, catalog, discovery, loads, config.airGapped()),
                new BlobRepair(records, blobs, inspector, config.airGapped()));
        PrunedStore pruned = new PrunedStore(records, blobs, links, lists, pending);
        this.pruner = new Pruner(pruned, catalog, () -> rules.pins(), clock, registry::forget);
        this.housekeeping = new BackgroundPruner(pruner, space, this::rules, clock);
        LiveContents contents =
                new LiveContents(new CacheContents(catalog, records, blobs), discovery, this::rules);
        StatusCollector status = new StatusCollector(this::rules, access, contents, transfers, upstreams, clock);
        this.admin = new Admin(config.admin(), access, contents, loader, pruner, status);
        discovery.begin(
                () -> {
                    restore(links, catalog, blobs, rules.trust());
                    registry.resumeInterrupted();
                    if (layout.isWritable()) {
                        housekeeping.begin();
                    }
                },
                START_PATIENCE);
        this.saving = new PeriodicFlusher(
                PeriodicFlusher.PACE,
                records::save,
                () -> records.foldPulls(clock.instant()),
                links::save,
                blobs::save);
    }

    /** The links that the cache kept; where it never kept any, it begins with what its manifests name. */
    private static void restore(ConfirmedLinks links, ContentIndex catalog, BlobStore blobs, RegistryTrust trust) {
        if (links.areKept()) {
            links.forEach(catalog::restore);
        } else {
            List<ConfirmedLink> named = catalog.named(blobs::contains, trust::isPublic);
            named.forEach(catalog::restore);
            links.begin(named);
        }
    }

    private <N extends ListName, V> ListService<N, V> lists(ListSource<N, V> kind, ListStore lists, Clock clock) {
        return new ListService<>(kind, lists, upstreams, this::rules, clock);
    }

    /**
     * Opens the store and wires the rest; reaches no network.
     *
     * @throws IOException if the image path can't be used; the message says why
     * @throws io.ociregistry.common.UnusableFileException if a file that says who the clients are can't be used
     */
    public static RegistryContext open(ServerConfig config) throws IOException {
        return open(config, HttpUpstreams.of(config), Clock.systemUTC());
    }

    /**
     * The same for a command, which may run as another user than the server: what it writes can be read by the owner of
     * the cache.
     *
     * @throws IOException also if this user can't see to that; the message says what to do
     */
    public static RegistryContext openForCommand(ServerConfig config) throws IOException {
        return on(StoreAccess.openForCommand(config.imagePath(), holder()), config);
    }

    private static String holder() {
        return "ociregistry " + BuildInfo.read().version();
    }

    /** The same with other upstreams, which are closed with it, and another clock. */
    public static RegistryContext open(ServerConfig config, Upstreams upstreams, Clock clock) throws IOException {
        return open(config, upstreams, clock, RecordWatcher.Pace.USUAL);
    }

    /**
     * The same on a store that is open already, which is closed with it, also if this fails.
     *
     * @throws IOException if the upstreams can't be used as configured
     */
    static RegistryContext on(StoreAccess access, ServerConfig config) throws IOException {
        return on(access, config, HttpUpstreams.of(config), Clock.systemUTC(), RecordWatcher.Pace.USUAL);
    }

    /** The same at another pace of looking for what other programs put into the cache. */
    static RegistryContext open(ServerConfig config, Upstreams upstreams, Clock clock, RecordWatcher.Pace pace)
            throws IOException {
        return on(StoreAccess.open(config.imagePath(), holder()), config, upstreams, clock, pace);
    }

    private static RegistryContext on(
            StoreAccess access, ServerConfig config, Upstreams upstreams, Clock clock, RecordWatcher.Pace pace)
            throws IOException {
        try {
            return new RegistryContext(config, ClientAccess.of(config.clients()), access, upstreams, clock, pace);
        } catch (RuntimeException | Error e) {
            access.close();
            throw e;
        }
    }

    /**
     * Begins to load in the background what the configuration wants preloaded, if anything. Reaches no network before it returns.
     *
     * @throws IOException if a file that it names is not there or can't be used; the message says which
     */
    public void preload() throws IOException {
        Optional<String> files = config().preloadImages();
        if (files.isEmpty()) {
            return;
        }
        LoadPlan plan = LoadPlan.of(files.get());
        if (access.layout().isWritable()) {
            Preload begun = new Preload(loader, plan, LoadOptions.of(config()), PRELOAD_PAUSE);
            preload = begun;
            begun.start();
        }
    }

    /** Begins to look, in the background and slowly, for what has gone bad on the disk, and to repair it; unless that is off. */
    public synchronized void scrub() {
        scrubs = true;
        scrubAtRate();
    }

    /** Caller holds the lock. */
    private void scrubAtRate() {
        long rate = config().cache().scrubRate();
        if (rate > 0 && scrubs) {
            scrub(new SteadyPace(rate), Scrub.Schedule.USUAL);
        }
    }

    /** The same at another pace. */
    public synchronized void scrub(ReadPace pace, Scrub.Schedule schedule) {
        if (access.layout().isWritable()) {
            Inspector inspector = new Inspector(access.layout(), config().maxManifestBytes(), pace);
            Scrub begun = new Scrub(inspector, blobs, repair, schedule, new ScrubNote(access.layout()), clock);
            scrub = begun;
            begun.start();
        }
    }

    /** What an operator has to be told at the start; empty if nothing. */
    public Optional<String> warning() {
        return access.warning();
    }

    /** The configuration that counts now: what it was opened with, and what reloads changed of it since. */
    public ServerConfig config() {
        return rules.config();
    }

    private RuntimeConfig rules() {
        return rules;
    }

    /** The keys that {@link #reload} applies; the others keep what they had when this was opened. */
    public static boolean reloads(Key<?> key) {
        return RELOADED.contains(key);
    }

    /**
     * Goes by another configuration from now on, as far as that can be changed without a new start. What is under way is not touched: it ends with
     * the upstream that it began with.
     *
     * @throws RegistryException if it can't be used; then nothing is changed
     */
    public synchronized void reload(ServerConfig wanted) {
        ServerConfig before = config();
        ServerConfig next = before;
        for (Key<?> key : RELOADED) {
            next = next.withThatOf(key, wanted);
        }
        RuntimeConfig after = rules.then(next);
        upstreams.reload(next);
        rules = after;
        registry.reload(next);
        listings.reload(next);
        housekeeping.reload();
        if (next.cache().scrubRate() != before.cache().scrubRate()) {
            endScrub();
            scrubAtRate();
        }
    }

    /** Who may ask it for something. */
    public ClientAccess clients() {
        return clients;
    }

    /** As the configuration has them now. */
    public RegistryNames names() {
        return rules.names();
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

    /** Brings images in before anybody asks for them; may be used while this serves. */
    public ImageLoader loader() {
        return loader;
    }

    /**
     * What is done for a request of a client. Upstreams that are asked for it are told which servers it came through; if this is one of them,
     * none is asked.
     *
     * @param via the request's headers of that name
     */
    public <T> T forRequest(List<String> via, Supplier<T> work) {
        return Via.parse(via).during(work);
    }

    /** What operators ask of it. */
    public Admin admin() {
        return admin;
    }

    /** Runs the sending of bodies; its work never waits for a client or an upstream. */
    public ExecutorService delivery() {
        return delivery;
    }

    /** True if the store can be read; asks no network. */
    public boolean isReady() {
        return Files.isReadable(access.layout().root());
    }

    private synchronized void scrubNoMore() {
        scrubs = false;
        endScrub();
    }

    /** Caller holds the lock. */
    private void endScrub() {
        if (scrub != null) {
            scrub.close();
            scrub = null;
        }
    }

    @Override
    public void close() {
        scrubNoMore();
        housekeeping.close();
        Preload begun = preload;
        if (begun != null) {
            begun.close();
        }
        clients.close();
        admin.close();
        pruner.close();
        registry.close();
        upstreams.close();
        end(disk);
        delivery.shutdownNow();
        saving.close();
        discovery.close();
        access.close();
    }

    /** What a check of a file notes in the end is not to be written once the lock is another's. */
    private static void end(ExecutorService disk) {
        if (!Pools.interrupt(disk, DISK_PATIENCE)) {
            LOG.warn("the disk of the cache holds up the stop, which does not wait for it");
        }
    }

    /** A fixed number of threads that keep no process alive. What waits for them is bounded by the requests that wait for it. */
    private static ExecutorService daemons(String name, int count) {
        return Executors.newFixedThreadPool(count, Daemons.numbered(name));
    }
}
