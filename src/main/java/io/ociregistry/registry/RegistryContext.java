package io.ociregistry.registry;

import io.ociregistry.access.ClientAccess;
import io.ociregistry.common.BuildInfo;
import io.ociregistry.common.Daemons;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.address.AddressRange;
import io.ociregistry.metrics.Metrics;
import io.ociregistry.metrics.TrafficHistory;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.registry.admin.Admin;
import io.ociregistry.registry.content.ContentSource;
import io.ociregistry.registry.index.RecordWatcher;
import io.ociregistry.registry.list.Listings;
import io.ociregistry.registry.load.ImageLoader;
import io.ociregistry.registry.policy.RegistryNames;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.registry.prune.Pruner;
import io.ociregistry.registry.verify.Repair;
import io.ociregistry.registry.verify.Scrub;
import io.ociregistry.store.Inspector.ReadThrottle;
import io.ociregistry.store.Store;
import io.ociregistry.store.StoreStatus;
import io.ociregistry.store.factory.StoreFactory;
import io.ociregistry.upstream.Upstreams;
import io.ociregistry.upstream.Via;
import io.ociregistry.upstream.pool.HttpUpstreams;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Wires all parts of one running registry. The caller that opens it closes it. Thread-safe. */
public final class RegistryContext implements AutoCloseable {
    private final Metrics metrics;
    private final TrafficHistory traffic;
    private final ClientAccess clientAccess;
    private final ExecutorService bodyExecutor;
    private final StoreWiring stores;
    private final PullThroughWiring content;
    private final Registry registry;
    private final MaintenanceWiring maintenance;
    /** The parts that a reload updates, in this order. */
    private final List<Reloadable> reloadables;
    /** Replaced by a reload, under the lock. */
    private volatile RuntimeConfig runtime;

    private RegistryContext(
            ServerConfig config,
            ClientAccess clients,
            Store store,
            Upstreams upstreams,
            Clock clock,
            RecordWatcher.ScanIntervals intervals) {
        this.metrics = upstreams.metrics();
        this.traffic = new TrafficHistory(metrics, clock);
        this.runtime = RuntimeConfig.of(config);
        this.clientAccess = clients;
        this.bodyExecutor = Executors.newFixedThreadPool(
                Math.max(4, Runtime.getRuntime().availableProcessors() * 2), Daemons.withPrefix("delivery-"));
        this.stores = new StoreWiring(store, config, intervals, clock);
        this.content = new PullThroughWiring(stores, upstreams, this::runtime, clock);
        this.registry = content.registry();
        this.maintenance = new MaintenanceWiring(stores, content, this::runtime, clock);
        stores.start(() -> runtime.trust(), () -> {
            registry.resumeInterrupted();
            maintenance.startPruning();
        });
        metrics.addProcess(BuildInfo.read());
        configureMetrics();
        this.reloadables = List.of(
                (before, after) -> upstreams.reload(after.config()),
                (before, after) -> runtime = after,
                (before, after) ->
                        store.setStallTimeout(after.config().timeouts().stall()),
                (before, after) -> registry.reload(after.config()),
                (before, after) -> content.listings().reload(after.config()),
                (before, after) -> maintenance.reload(before.config()),
                (before, after) -> configureMetrics());
    }

    private void configureMetrics() {
        metrics.configure(config().registries().stream()
                .filter(entry -> !entry.isWildcard())
                .map(entry -> RegistryName.parse(entry.name()))
                .collect(Collectors.toSet()));
    }

    /**
     * A part that a reload updates. Only the first part may refuse a configuration, before any part has changed.
     */
    private interface Reloadable {
        void reload(RuntimeConfig before, RuntimeConfig after);
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
        return openWith(StoreFactory.openForCommand(config, holder()), config);
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
    static RegistryContext openWith(Store store, ServerConfig config) throws IOException {
        return openWith(
                store, config, HttpUpstreams.of(config), Clock.systemUTC(), RecordWatcher.ScanIntervals.DEFAULT);
    }

    /** Opens the store with another interval for finding files that other programs add to the cache. */
    static RegistryContext open(
            ServerConfig config, Upstreams upstreams, Clock clock, RecordWatcher.ScanIntervals intervals)
            throws IOException {
        return openWith(StoreFactory.open(config, holder()), config, upstreams, clock, intervals);
    }

    private static RegistryContext openWith(
            Store store, ServerConfig config, Upstreams upstreams, Clock clock, RecordWatcher.ScanIntervals intervals)
            throws IOException {
        try {
            return new RegistryContext(config, ClientAccess.of(config.clients()), store, upstreams, clock, intervals);
        } catch (RuntimeException | Error e) {
            store.close();
            throw e;
        }
    }

    /**
     * Starts the preload of the configured image files in the background, if there are any. Reads no file and sends no
     * request before it returns.
     */
    public void startPreload() {
        maintenance.startPreload();
    }

    /** Starts the scrub in the background, unless {@code cache.scrubRate} is 0. */
    public void startScrub() {
        maintenance.startScrub();
    }

    /** Starts a scrub with another rate and schedule; does nothing if the cache is read-only. */
    public void startScrub(ReadThrottle throttle, Scrub.Schedule schedule) {
        maintenance.startScrub(throttle, schedule);
    }

    /** Returns a warning for the log at the start, such as that the cache is read-only. */
    public Optional<String> startupWarning() {
        return stores.store().status().warning();
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

    /** Decides which clients may use the server. */
    public ClientAccess clientAccess() {
        return clientAccess;
    }

    /** Returns the registry names of the current configuration. */
    public RegistryNames registryNames() {
        return runtime.names();
    }

    /** Returns the addresses of the reverse proxies whose {@code X-Forwarded-For} is read. */
    public List<AddressRange> trustedProxies() {
        return runtime.trustedProxies();
    }

    public Registry registry() {
        return registry;
    }

    /** Prunes the cache that is served. */
    public Pruner pruner() {
        return maintenance.pruner();
    }

    /** Repairs the cache that is served. */
    Repair repair() {
        return maintenance.repair();
    }

    public Listings listings() {
        return content.listings();
    }

    /** Returns the content for background work. */
    public ContentSource content() {
        return content.source();
    }

    /** Loads images ahead of requests; usable while the server runs. */
    public ImageLoader loader() {
        return maintenance.loader();
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

    /** Returns the traffic of the last hour; the server starts it. */
    public TrafficHistory traffic() {
        return traffic;
    }

    /** Returns the metrics of this registry and of its server. */
    public Metrics metrics() {
        return metrics;
    }

    /** Returns the administration of this registry. */
    public Admin admin() {
        return maintenance.admin();
    }

    /** Runs the writing of bodies; tasks never wait for a client or an upstream. */
    public ExecutorService bodyExecutor() {
        return bodyExecutor;
    }

    /** Returns the state of the store; reading it sends no request. */
    public StoreStatus storeStatus() {
        return stores.store().status();
    }

    /** Closes first all work that uses the store, and the store last. */
    @Override
    public void close() {
        traffic.close();
        maintenance.close();
        clientAccess.close();
        content.close();
        bodyExecutor.shutdownNow();
        stores.close();
    }
}
