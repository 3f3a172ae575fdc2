package io.ociregistry.registry.load;

import io.ociregistry.common.Daemons;
import io.ociregistry.common.Pools;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.content.ContentSource;
import io.ociregistry.registry.load.LoadOutcome.AlreadyCached;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import io.ociregistry.registry.policy.ListedImage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The state that the images of one load share: threads, the retry budget of each registry, the counted blobs, and the
 * outcomes. It forwards the events of its images to the listener of the load.
 *
 * <p>Thread-safe. Closing it interrupts its threads.
 */
public final class LoadSession implements LoadListener, AutoCloseable {
    private static final Duration PROGRESS_INTERVAL = Duration.ofMillis(500);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);
    /**
     * The number of blobs of one image that are fetched at a time; the limits of the registry apply to all together.
     */
    private static final int BLOBS_PER_IMAGE = 3;

    private final ContentSource source;
    private final LoadOptions options;
    private final LoadListener listener;
    private final ExecutorService images;
    private final ExecutorService blobs;
    private final ScheduledExecutorService clock;
    private final Map<RegistryName, RegistryRetryBudget> budgets = new ConcurrentHashMap<>();
    private final Set<LoadProgress> active = ConcurrentHashMap.newKeySet();
    private final Set<Digest> counted = ConcurrentHashMap.newKeySet();
    private final Queue<LoadOutcome> outcomes = new ConcurrentLinkedQueue<>();
    private final Queue<String> notes = new ConcurrentLinkedQueue<>();
    private final long started = System.nanoTime();
    private volatile @Nullable RegistryException diskFailure;

    public LoadSession(ContentSource source, LoadOptions options, LoadListener listener) {
        this.source = source;
        this.options = options;
        this.listener = listener;
        this.images = Executors.newFixedThreadPool(options.parallel(), Daemons.withPrefix("load-"));
        this.blobs =
                Executors.newFixedThreadPool(BLOBS_PER_IMAGE * options.parallel(), Daemons.withPrefix("load-blob-"));
        this.clock = Executors.newSingleThreadScheduledExecutor(Daemons.withName("load-progress"));
        reportProgress();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // it ends with the session
    private void reportProgress() {
        long interval = Math.max(
                1, Math.min(PROGRESS_INTERVAL.toMillis(), options.pullTimeout().toMillis() / 4));
        clock.scheduleWithFixedDelay(
                () -> active.forEach(LoadProgress::report), interval, interval, TimeUnit.MILLISECONDS);
    }

    /** Runs all tasks, at most {@code parallel} at a time, and waits for them. */
    void runAll(List<Callable<Void>> work) throws InterruptedException {
        for (Future<Void> future : images.invokeAll(work)) {
            result(future);
        }
    }

    private static <T> T result(Future<T> done) throws InterruptedException {
        try {
            return done.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof InterruptedException) {
                throw new InterruptedException();
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    Void load(ListedImage image) throws InterruptedException {
        LoadProgress progress = new LoadProgress(image.toString(), this);
        active.add(progress);
        try {
            progress.end(new ImageLoadTask(this, image, progress).run());
        } finally {
            active.remove(progress);
        }
        return null;
    }

    @Override
    public void found(int count) {
        listener.found(count);
    }

    @Override
    public void started(String image) {
        listener.started(image);
    }

    @Override
    public void progressed(String image, long bytes, long received, long total) {
        listener.progressed(image, bytes, received, total);
    }

    @Override
    public void ended(LoadOutcome outcome) {
        outcomes.add(outcome);
        listener.ended(outcome);
    }

    @Override
    public void noted(String note) {
        notes.add(note);
        listener.noted(note);
    }

    LoadSummary summary() {
        List<Loaded> loaded = outcomes(Loaded.class);
        return new LoadSummary(
                loaded.size(),
                outcomes(AlreadyCached.class).size(),
                outcomes(Failed.class),
                List.copyOf(notes),
                loaded.stream().mapToLong(Loaded::bytes).sum(),
                Duration.ofNanos(System.nanoTime() - started));
    }

    private <T extends LoadOutcome> List<T> outcomes(Class<T> type) {
        return outcomes.stream().filter(type::isInstance).map(type::cast).toList();
    }

    ContentSource source() {
        return source;
    }

    LoadOptions options() {
        return options;
    }

    /** Returns a fetch of content of a repository, which reports no events. */
    public LoadFetch fetch(Repository repository) {
        return new LoadFetch(this, repository, new LoadProgress(repository.toString(), new LoadListener() {}));
    }

    /** Runs the fetches of blobs concurrently, waits for all, and returns the failures. */
    List<RegistryException> fetchBlobs(List<Callable<Optional<RegistryException>>> work) throws InterruptedException {
        List<RegistryException> failures = new ArrayList<>();
        for (Future<Optional<RegistryException>> future : blobs.invokeAll(work)) {
            result(future).ifPresent(failures::add);
        }
        return failures;
    }

    /** Returns the retry budget of a registry, which starts at its first use. */
    RegistryRetryBudget retryBudget(RegistryName registry) {
        return budgets.computeIfAbsent(registry, unused -> new RegistryRetryBudget(options.pullTimeout()));
    }

    /** True for the first image that fetched the blob; only this image counts its bytes. */
    boolean countOnce(Digest blob) {
        return counted.add(blob);
    }

    /** Returns the failure of the cache's disk, which ends the load of all images. */
    Optional<RegistryException> diskFailure() {
        return Optional.ofNullable(diskFailure);
    }

    void recordDiskFailure(RegistryException failure) {
        diskFailure = failure;
    }

    @Override
    public void close() {
        List.of(clock, images, blobs).forEach(pool -> Pools.shutdownNow(pool, STOP_TIMEOUT));
    }
}
