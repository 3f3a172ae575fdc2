package io.ociregistry.registry.catalog;

import io.ociregistry.common.Daemons;
import io.ociregistry.common.Pools;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordChanges;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.manifest.ManifestStore;
import io.ociregistry.upstream.Via;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the records that are on disk into the {@link ContentIndex}: all at the start, later those that other programs put there, changed or took
 * away. No hit waits for that. Who asks for what is not known waits for a look at the directories, if they changed and the last one is long
 * enough ago; a digest is found by its file's name at once.
 */
public final class RecordWatcher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RecordWatcher.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /**
     * How often to look.
     *
     * @param atMost the time between two looks for those who ask for what is not known
     * @param share looks for them take no more of the time than one part in so many
     * @param always the time between two looks that nobody asks for
     */
    public record Pace(Duration atMost, int share, Duration always) {
        public static final Pace USUAL = new Pace(Duration.ofSeconds(1), 20, Duration.ofSeconds(60));
    }

    private final ManifestStore records;
    private final ContentIndex catalog;
    private final Pace pace;
    private final RecordChanges changes;
    private final ScheduledThreadPoolExecutor looking;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private volatile CompletableFuture<Void> underWay = CompletableFuture.completedFuture(null);
    private volatile long notBefore = System.nanoTime();

    public RecordWatcher(ManifestStore records, ContentIndex catalog, Pace pace) {
        this.records = records;
        this.catalog = catalog;
        this.pace = pace;
        this.changes = new IntoCatalog(catalog);
        this.looking = new ScheduledThreadPoolExecutor(1, Daemons.named("records"));
    }

    /** The index that this watcher keeps up to date. */
    public ContentIndex index() {
        return catalog;
    }

    /**
     * Looks for the first time, and waits for that, but not longer than so long: it goes on while requests are answered.
     *
     * @param then what completes the catalog
     */
    public @SuppressWarnings("FutureReturnValueIgnored") // what fails is logged, and the next time comes
    void begin(Runnable then, Duration patience) {
        looking.execute(() -> {
            try {
                records.look(changes);
                doubtLost();
                then.run();
                ready.complete(null);
            } catch (RuntimeException | Error e) {
                ready.completeExceptionally(e);
            }
        });
        long millis = pace.always.toMillis();
        looking.scheduleWithFixedDelay(this::look, millis, millis, TimeUnit.MILLISECONDS);
        try {
            ready.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.info("reading the index of the cache takes longer; what is asked for by digest is served meanwhile");
        } catch (ExecutionException e) {
            throw new IllegalStateException("reading the index of the cache", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Does something once all records are known. */
    public <T> CompletionStage<T> whenReady(Supplier<CompletionStage<T>> work) {
        if (ready.isDone()) {
            return work.get();
        }
        Supplier<CompletionStage<T>> then = Via.keptFor(work);
        return ready.thenCompose(known -> then.get());
    }

    /** False as long as the first look goes on. */
    public boolean isReady() {
        return ready.isDone();
    }

    /** To be called before something is looked up while this is not ready: what is known of that very digest counts. */
    public void lookAt(Digest digest) {
        if (digest.algorithm() == Digest.Algorithm.SHA256) {
            records.look(digest, changes);
        }
    }

    /**
     * To be called when a name is not known, or its manifest is not there. Complete at once if nothing can have come;
     * otherwise once it has been looked for.
     */
    public CompletionStage<Void> lookFor(ImageReference name) {
        if (name.reference() instanceof Digest digest) {
            lookAt(digest);
        } else {
            catalog.find(name).ifPresent(this::lookAt);
        }
        return catalog.find(name).isPresent() ? CompletableFuture.completedStage(null) : soon();
    }

    /** Marks the names of records that went bad: older records that claim them need a confirmation. */
    private void doubtLost() {
        try {
            records.lost().forEach(lost -> lost.names().forEach(catalog::doubt));
        } catch (IOException e) {
            LOG.warn("looking for the names of manifest records that went bad: {}", e.toString());
        }
    }

    private synchronized CompletionStage<Void> soon() {
        if (!underWay.isDone() || System.nanoTime() - notBefore < 0 || !records.mayHaveChanged()) {
            return underWay;
        }
        CompletableFuture<Void> look = new CompletableFuture<>();
        underWay = look;
        looking.execute(() -> {
            look();
            look.complete(null);
        });
        return look;
    }

    private void look() {
        long start = System.nanoTime();
        try {
            records.look(changes);
        } catch (RuntimeException e) {
            LOG.error("looking for records: {}", e.toString());
        }
        long end = System.nanoTime();
        notBefore = end + Math.max(pace.atMost.toNanos(), pace.share * (end - start));
    }

    @Override
    public void close() {
        Pools.end(looking, PATIENCE);
        records.saveIndex();
    }

    /** What was found, as the catalog takes it. */
    private record IntoCatalog(ContentIndex catalog) implements RecordChanges {
        @Override
        public void came(ManifestSummary now) {
            catalog.add(now);
        }

        @Override
        public void changed(ManifestSummary before, ManifestSummary now) {
            catalog.lose(before, names(now));
            catalog.add(now);
        }

        @Override
        public void went(ManifestSummary before) {
            catalog.lose(before, Set.of());
        }

        private static Set<ImageReference> names(ManifestSummary manifest) {
            return manifest.references().stream().map(RecordedReference::name).collect(Collectors.toSet());
        }
    }
}
