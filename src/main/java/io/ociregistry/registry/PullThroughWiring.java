package io.ociregistry.registry;

import io.ociregistry.common.Daemons;
import io.ociregistry.common.Pools;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.registry.blob.BlobService;
import io.ociregistry.registry.content.ContentSource;
import io.ociregistry.registry.content.Prefetch;
import io.ociregistry.registry.list.ListService;
import io.ociregistry.registry.list.ListSource;
import io.ociregistry.registry.list.Listings;
import io.ociregistry.registry.list.Paginator;
import io.ociregistry.registry.list.ReferrerLists;
import io.ociregistry.registry.list.TagLists;
import io.ociregistry.registry.manifest.ManifestService;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.store.ListName;
import io.ociregistry.store.Store;
import io.ociregistry.upstream.Upstreams;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wires the pull-through of manifests, blobs and lists between the store and the upstreams, which it owns. */
final class PullThroughWiring implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PullThroughWiring.class);
    private static final Duration DISK_CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private final StoreWiring stores;
    private final Upstreams upstreams;
    private final Supplier<RuntimeConfig> runtime;
    private final Clock clock;
    private final ExecutorService diskExecutor;
    private final BlobService blobs;
    private final Registry registry;
    private final ContentSource source;
    private final Listings listings;

    PullThroughWiring(StoreWiring stores, Upstreams upstreams, Supplier<RuntimeConfig> runtime, Clock clock) {
        this.stores = stores;
        this.upstreams = upstreams;
        this.runtime = runtime;
        this.clock = clock;
        Store store = stores.store();
        ServerConfig config = runtime.get().config();
        this.diskExecutor = Executors.newFixedThreadPool(
                Math.max(2, Runtime.getRuntime().availableProcessors() / 2), Daemons.withPrefix("disk-"));
        ManifestService manifests = new ManifestService(
                store.manifests(), stores.index(), stores.recordWatcher(), upstreams, runtime, clock);
        this.blobs =
                new BlobService(stores.recordWatcher(), store.links(), store.blobs(), upstreams, diskExecutor, runtime);
        Paginator paginator =
                new Paginator(() -> runtime.get().config().timeouts().stall().multipliedBy(10), System::nanoTime);
        this.listings = new Listings(
                stores.recordWatcher(),
                lists(new TagLists(stores.index(), paginator)),
                lists(new ReferrerLists(manifests, store.manifests(), stores.index(), config.airGapped(), paginator)));
        this.source = new ContentSource(manifests, blobs, listings);
        // Nothing is prefetched if the store is read-only or no upstream may be asked.
        boolean prefetches = store.status().isWritable() && !config.airGapped();
        Optional<Prefetch> prefetch =
                prefetches ? Optional.of(new Prefetch(source, runtime, store.incompleteImages())) : Optional.empty();
        this.registry = new Registry(manifests, blobs, prefetch);
    }

    private <N extends ListName, V> ListService<N, V> lists(ListSource<N, V> kind) {
        return new ListService<>(kind, stores.store().lists(), upstreams, runtime, clock);
    }

    Upstreams upstreams() {
        return upstreams;
    }

    BlobService blobs() {
        return blobs;
    }

    ContentSource source() {
        return source;
    }

    Registry registry() {
        return registry;
    }

    Listings listings() {
        return listings;
    }

    /** Ends all downloads, then waits for the file checks, which must not write after the store is closed. */
    @Override
    public void close() {
        registry.close();
        upstreams.close();
        if (!Pools.shutdownNow(diskExecutor, DISK_CLOSE_TIMEOUT)) {
            LOG.warn(
                    "file checks of the cache did not stop within {} s; stopping without them;"
                            + " check whether the disk of the cache is slow or hangs",
                    DISK_CLOSE_TIMEOUT.toSeconds());
        }
    }
}
