package io.ociregistry.registry.index;

import io.ociregistry.common.Daemons;
import io.ociregistry.common.Pools;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.store.ManifestStore;
import io.ociregistry.store.ManifestStore.RecordChanges;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
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
 * Keeps the {@link ContentIndex} up to date with the records on disk; thread-safe.
 *
 * <p>Reads all records at the start, and later those that other programs added, changed or removed (ADR 20). After the
 * start a hit never waits for a scan. A miss waits for a scan of the directories, if they changed and the last scan is
 * long enough ago; a digest is found by its file's name without a scan. Closing ends the scans and saves the index for
 * the next start.
 */
public final class RecordWatcher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RecordWatcher.class);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    /**
     * The intervals between scans of the record directories.
     *
     * @param afterMiss the shortest time between two scans that misses cause
     * @param pauseFactor after a scan, no miss causes another one for this many times the duration of the scan
     * @param periodic the time between two periodic scans
     */
    public record ScanIntervals(Duration afterMiss, int pauseFactor, Duration periodic) {
        public static final ScanIntervals DEFAULT =
                new ScanIntervals(Duration.ofSeconds(1), 20, Duration.ofSeconds(60));
    }

    private final ManifestStore records;
    private final ContentIndex index;
    private final ScanIntervals intervals;
    private final RecordChanges changes;
    private final ScheduledThreadPoolExecutor scheduler;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private volatile CompletableFuture<Void> runningScan = CompletableFuture.completedFuture(null);
    private volatile long nextScanNanos = System.nanoTime();

    public RecordWatcher(ManifestStore records, ContentIndex index, ScanIntervals intervals) {
        this.records = records;
        this.index = index;
        this.intervals = intervals;
        this.changes = new IndexUpdater(index);
        this.scheduler = new ScheduledThreadPoolExecutor(1, Daemons.withName("records"));
    }

    /** Returns the names of the images in the index. */
    public ImageNames imageNames() {
        return new ImageNames(index, records);
    }

    /** The index that this watcher keeps up to date. */
    public ContentIndex index() {
        return index;
    }

    /**
     * Starts the first scan and the periodic ones, and waits for the first. If the first scan takes longer than the
     * timeout, it continues in the background.
     *
     * @param then runs after the first scan, before requests that wait for it
     * @throws IllegalStateException if the first scan fails within the timeout
     */
    public @SuppressWarnings("FutureReturnValueIgnored") // a failed scan is logged, and the next one follows
    void start(Runnable then, Duration timeout) {
        scheduler.execute(() -> {
            try {
                records.detectChanges(changes);
                markLostNames();
                then.run();
                ready.complete(null);
            } catch (RuntimeException | Error e) {
                ready.completeExceptionally(e);
            }
        });
        long millis = intervals.periodic.toMillis();
        scheduler.scheduleWithFixedDelay(this::scan, millis, millis, TimeUnit.MILLISECONDS);
        try {
            ready.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.info("still reading the index of the cache; until its end only manifests by digest are served");
        } catch (ExecutionException e) {
            throw new IllegalStateException("reading the index of the cache failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Runs work after the first scan; on the calling thread if the scan is complete already. */
    public <T> CompletionStage<T> whenReady(Supplier<CompletionStage<T>> work) {
        if (ready.isDone()) {
            return work.get();
        }
        Supplier<CompletionStage<T>> then = Via.wrapSupplier(work);
        return ready.thenCompose(known -> then.get());
    }

    /** Returns true once the first scan is complete. */
    public boolean isReady() {
        return ready.isDone();
    }

    /** Reads the record of one digest into the index; to be called before a lookup by digest during the first scan. */
    public void readRecord(Digest digest) {
        if (digest.algorithm() == Digest.Algorithm.SHA256) {
            records.detectChanges(digest, changes);
        }
    }

    /**
     * Looks on disk for a name that is not in the index or whose manifest is missing. The stage is complete at once if
     * the name is found, no record can have been added, or no scan is due; otherwise it completes after a scan.
     */
    public CompletionStage<Void> findOnDisk(ImageReference name) {
        if (name.reference() instanceof Digest digest) {
            readRecord(digest);
        } else {
            index.find(name).ifPresent(this::readRecord);
        }
        return index.find(name).isPresent() ? CompletableFuture.completedStage(null) : scanIfDue();
    }

    /**
     * Marks the names of quarantined records as doubtful: such a name may mean an older manifest until it is confirmed.
     */
    private void markLostNames() {
        try {
            records.lostRecords().forEach(lost -> lost.names().forEach(index::markDoubtful));
        } catch (IOException e) {
            LOG.warn("reading the names of quarantined manifest records failed: {}", e.toString());
        }
    }

    private synchronized CompletionStage<Void> scanIfDue() {
        if (!runningScan.isDone() || System.nanoTime() - nextScanNanos < 0 || !records.mayHaveChanged()) {
            return runningScan;
        }
        CompletableFuture<Void> scan = new CompletableFuture<>();
        runningScan = scan;
        scheduler.execute(() -> {
            scan();
            scan.complete(null);
        });
        return scan;
    }

    private void scan() {
        long start = System.nanoTime();
        try {
            records.detectChanges(changes);
        } catch (RuntimeException e) {
            LOG.error("scanning for changed manifest records failed; retried at the next scan: {}", e.toString());
        }
        long end = System.nanoTime();
        nextScanNanos = end + Math.max(intervals.afterMiss.toNanos(), intervals.pauseFactor * (end - start));
    }

    @Override
    public void close() {
        Pools.shutdown(scheduler, CLOSE_TIMEOUT);
        records.saveIndex();
    }

    /** Applies the changes that a scan found to the index. */
    private record IndexUpdater(ContentIndex index) implements RecordChanges {
        @Override
        public void added(ManifestSummary now) {
            index.add(now);
        }

        @Override
        public void changed(ManifestSummary before, ManifestSummary now) {
            index.removeLost(before, names(now));
            index.add(now);
        }

        @Override
        public void removed(ManifestSummary before) {
            index.removeLost(before, Set.of());
        }

        private static Set<ImageReference> names(ManifestSummary manifest) {
            return manifest.references().stream().map(RecordedReference::name).collect(Collectors.toSet());
        }
    }
}
