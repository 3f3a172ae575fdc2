package io.ociregistry.registry.content;

import io.ociregistry.common.Daemons;
import io.ociregistry.common.Pools;
import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.BlobStore.InterruptedDownload;
import io.ociregistry.store.IncompleteImages;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches the blobs of an image in the background after a client fetched its manifest, so that the image becomes
 * complete.
 *
 * <p>Fetches two blobs at a time, with lower priority than the requests of clients. HEAD requests, which update
 * checkers send, attestations and foreign layers start no prefetch. After a stop, a crash or a network outage it
 * resumes incomplete images that it started, and all interrupted downloads; each refusal doubles the retry interval. At
 * most {@value #MAX_WAITING} images and blobs wait; more are skipped until a client fetches the manifest again.
 * Thread-safe; closing interrupts running work and waits at most ten seconds for it.
 */
public final class Prefetch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Prefetch.class);
    private static final int MAX_CONCURRENT = 2;
    private static final int MAX_WAITING = 10_000;
    /** Limit of the remembered complete images; an image beyond it costs a lookup on disk each time. */
    private static final int MAX_COMPLETE = 10_000;

    private static final int MAX_DOUBLINGS = 10;

    private final ContentSource source;
    private final Supplier<RuntimeConfig> config;
    private final IncompleteImages incomplete;
    private final ThreadPoolExecutor executor;
    private final ScheduledExecutorService scheduler;
    /** The images and blobs that wait or are being fetched. */
    private final Set<Object> queued = ConcurrentHashMap.newKeySet();

    private final Map<Object, Integer> refused = new ConcurrentHashMap<>();
    /** The number of retry rounds so far. Used by the thread of {@code scheduler} only. */
    private long round = -1;

    private final Set<ImageReference> complete = ConcurrentHashMap.newKeySet();

    /** Limit of each of the two waits in {@link #close}: everything can be interrupted except the disk. */
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    /** The result of fetching a blob or an image, from best to worst. */
    private enum Outcome {
        CACHED,
        LATER,
        REFUSED
    }

    public Prefetch(ContentSource source, Supplier<RuntimeConfig> config, IncompleteImages incomplete) {
        this.source = source;
        this.config = config;
        this.incomplete = incomplete;
        this.executor = new ThreadPoolExecutor(
                MAX_CONCURRENT,
                MAX_CONCURRENT,
                10,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_WAITING),
                Daemons.withName("prefetch"));
        executor.allowCoreThreadTimeOut(true);
        this.scheduler = Executors.newSingleThreadScheduledExecutor(Daemons.withName("prefetch"));
    }

    /** Starts the prefetch of an image whose manifest a client fetched; costs the client only lookups in memory. */
    public void manifestFetched(Repository repository, Manifest manifest) {
        ImageReference image = new ImageReference(repository, manifest.digest());
        if (complete.contains(image) || !isEnabled() || manifest.blobs().isEmpty() || manifest.isAttestation()) {
            return;
        }
        submit(image, () -> {
            incomplete.add(image);
            return fetch(image);
        });
    }

    /** Forgets that these images are complete, because they were pruned. */
    public void forget(Set<ImageReference> images) {
        complete.removeAll(images);
    }

    /** Resets the retry intervals of refused images and blobs, because the configuration changed. */
    public void forgetRefusals() {
        refused.clear();
    }

    /**
     * Starts the rounds that resume incomplete images and interrupted downloads: one now, then one for each
     * interval.
     */
    public void start() {
        scheduler.execute(this::runRound);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // a failed round is logged
    private void runRound() {
        if (isEnabled()) {
            resumeAll();
        }
        if (!scheduler.isShutdown()) {
            scheduler.schedule(this::runRound, interval().toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private boolean isEnabled() {
        return config.get().config().prefetch();
    }

    /** Returns the time between two rounds. */
    private Duration interval() {
        return config.get().config().timeouts().stall().multipliedBy(2);
    }

    private void resumeAll() {
        round++;
        try {
            for (ImageReference image : incomplete.list()) {
                retry(image, () -> fetch(image));
            }
            for (InterruptedDownload blob : source.interrupted()) {
                retry(blob, () -> fetch(blob.source(), blob.digest()));
            }
        } catch (RuntimeException e) {
            // Otherwise the next round would not be scheduled.
            LOG.error("resuming incomplete images and interrupted downloads failed; retried in the next round", e);
        }
    }

    /**
     * Retries work in each round, or, after n refusals, in every 2^n-th round. An unreachable upstream is not a
     * refusal.
     */
    private void retry(Object item, Supplier<Outcome> work) {
        int refusals = refused.getOrDefault(item, 0);
        if (round % (1L << Math.min(refusals, MAX_DOUBLINGS)) == 0) {
            submit(item, work);
        }
    }

    /** Interrupts running work and waits for its end, because it writes checkpoints under the lock of the cache. */
    @Override
    public void close() {
        Pools.shutdownNow(scheduler, CLOSE_TIMEOUT);
        Pools.shutdownNow(executor, CLOSE_TIMEOUT);
    }

    /** Queues work, unless the same work waits or runs already. */
    private void submit(Object item, Supplier<Outcome> work) {
        if (!queued.add(item)) {
            return;
        }
        try {
            executor.execute(() -> run(item, work));
        } catch (RejectedExecutionException full) {
            queued.remove(item);
            LOG.debug("prefetch of {} skipped: {} images and blobs wait already", item, MAX_WAITING);
        }
    }

    private void run(Object item, Supplier<Outcome> work) {
        try {
            Outcome outcome = work.get();
            if (outcome == Outcome.CACHED) {
                refused.remove(item);
            } else if (outcome == Outcome.REFUSED && refused.size() < MAX_WAITING) {
                refused.merge(item, 1, Integer::sum);
            }
        } finally {
            queued.remove(item);
        }
    }

    private Outcome fetch(ImageReference image) {
        Outcome worst = Outcome.CACHED;
        Repository repository = image.repository();
        for (Descriptor blob :
                source.cached(image).map(Manifest::distributableBlobs).orElse(List.of())) {
            if (!source.isCached(repository, blob.digest())) {
                Outcome outcome = fetch(repository, blob.digest());
                worst = outcome.compareTo(worst) > 0 ? outcome : worst;
            }
        }
        if (worst == Outcome.CACHED) {
            incomplete.remove(image);
            if (complete.size() < MAX_COMPLETE) {
                complete.add(image);
            }
        }
        return worst;
    }

    /** Fetches one blob and waits for the end of its download. */
    private Outcome fetch(Repository repository, Digest digest) {
        // A stop interrupts the wait for one blob; the blobs after it are not started.
        if (executor.isShutdown() || !source.canStore(repository, digest)) {
            return Outcome.LATER;
        }
        try (BlobSource blob =
                source.blob(repository, digest).toCompletableFuture().get()) {
            CountDownLatch ended = new CountDownLatch(1);
            blob.whenReadable(BlobSource.END, ended::countDown);
            ended.await();
            // The end is readable before the blob is published.
            source.completion(repository, digest).toCompletableFuture().get();
            return source.isCached(repository, digest) ? Outcome.CACHED : Outcome.LATER;
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof RegistryException known)) {
                LOG.error("prefetching blob {}@{} failed", repository, digest, e);
                return Outcome.REFUSED;
            }
            LOG.info("prefetching blob {}@{} failed: {}", repository, digest, known.getMessage());
            return known.code().isUpstreamFailure() || known.code() == ErrorCode.OVERLOADED
                    ? Outcome.LATER
                    : Outcome.REFUSED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Outcome.LATER;
        }
    }
}
