package io.ociregistry.registry;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.Digest;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.index.RecordWatcher;
import io.ociregistry.registry.policy.RegistryTrust;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.Store;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Wires the store to the index of its contents. Owns the store and closes it. */
final class StoreWiring implements AutoCloseable {
    /** Limit of the wait for the index of the cache at the start; the first read of a large index takes longer. */
    private static final Duration START_TIMEOUT = Duration.ofSeconds(1);

    private final Store store;
    private final ContentIndex index;
    private final RecordWatcher recordWatcher;
    private final Clock clock;
    private @Nullable PeriodicFlusher flusher;

    StoreWiring(Store store, ServerConfig config, RecordWatcher.ScanIntervals intervals, Clock clock) {
        this.store = store;
        this.clock = clock;
        this.index = new ContentIndex(config.airGapped());
        this.recordWatcher = new RecordWatcher(store.manifests(), index, intervals);
    }

    Store store() {
        return store;
    }

    ContentIndex index() {
        return index;
    }

    RecordWatcher recordWatcher() {
        return recordWatcher;
    }

    /**
     * Reads the index, and starts the periodic writes. A large index is read in the background.
     *
     * @param whenRead runs after the index was read, before requests that wait for it
     */
    void start(Supplier<RegistryTrust> trust, Runnable whenRead) {
        store.setContentNotes(this::note);
        recordWatcher.start(
                () -> {
                    restoreLinks(trust.get());
                    whenRead.run();
                },
                START_TIMEOUT);
        flusher = new PeriodicFlusher(
                PeriodicFlusher.INTERVAL,
                store.manifests()::save,
                () -> store.manifests().flushPullTimes(clock.instant()),
                store.links()::save,
                store.blobs()::save);
    }

    /** Returns the images that have a digest, and whether it comes back. */
    private String note(Digest digest) {
        List<String> images = recordWatcher.imageNames().of(digest);
        String back = index.isAirGapped()
                ? "; this server is air-gapped, so load it again from an archive"
                : "; the next request for it fetches it from its upstream";
        return images.isEmpty() ? back : "; it is part of " + String.join(", ", images) + back;
    }

    /**
     * Restores the stored links of the cache. A cache without stored links starts with links to the stored blobs that
     * its manifests name.
     */
    private void restoreLinks(RegistryTrust trust) {
        if (store.links().isCreated()) {
            store.links().forEach(index::restore);
        } else {
            List<ConfirmedLink> named = index.initialLinks(store.blobs()::contains, trust::isPublic);
            named.forEach(index::restore);
            store.links().create(named);
        }
    }

    @Override
    public void close() {
        if (flusher != null) {
            flusher.close();
        }
        recordWatcher.close();
        store.close();
    }
}
