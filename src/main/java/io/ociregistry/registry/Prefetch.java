package io.ociregistry.registry;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.Interrupted;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.BiPredicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings in what an image manifest names once a client has fetched that manifest, so that a client that leaves does not leave half an image.
 *
 * <p>Two blobs at a time, behind what clients wait for. It never starts for HEAD, which update checkers send, for attestations, or for foreign
 * layers. A blob of which a part is here it comes back to, whoever began it; any other that can't be had it gives up, and the next client that
 * wants it asks again.
 */
final class Prefetch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Prefetch.class);
    private static final int AT_A_TIME = 2;
    private static final int WAITING = 10_000;
    /** Of manifests whose blobs were all seen in the store; forgetting them costs a look at the disk. */
    private static final int REMEMBERED = 10_000;

    private static final int MAX_DOUBLINGS = 10;

    private final BiPredicate<Repository, Digest> isHere;
    private final BiFunction<Repository, Digest, CompletionStage<BlobSource>> fetch;
    private final Supplier<List<Interrupted>> interrupted;
    private final Duration pace;
    private final ThreadPoolExecutor executor;
    private final ScheduledExecutorService clock;
    private final Set<Interrupted> resuming = ConcurrentHashMap.newKeySet();
    private final Map<Interrupted, Integer> failed = new ConcurrentHashMap<>();
    /** Only the clock's thread touches it. */
    private long round = -1;

    private final Set<Digest> complete = ConcurrentHashMap.newKeySet();

    /**
     * Nothing is prefetched yet.
     *
     * @param isHere whether a repository's blob can be served without asking anybody
     * @param fetch how blobs are fetched: as for a client, but less urgently
     * @param interrupted tells of which blobs a part is here and nobody is fetching the rest
     * @param pace how often that is looked at
     */
    Prefetch(
            BiPredicate<Repository, Digest> isHere,
            BiFunction<Repository, Digest, CompletionStage<BlobSource>> fetch,
            Supplier<List<Interrupted>> interrupted,
            Duration pace) {
        this.isHere = isHere;
        this.fetch = fetch;
        this.interrupted = interrupted;
        this.pace = pace;
        this.executor = new ThreadPoolExecutor(
                AT_A_TIME, AT_A_TIME, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING), Prefetch::thread);
        executor.allowCoreThreadTimeOut(true);
        this.clock = Executors.newSingleThreadScheduledExecutor(Prefetch::thread);
    }

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "prefetch");
        thread.setDaemon(true);
        return thread;
    }

    /** A client got that manifest. Costs it nothing but a look into memory. */
    void fetched(Repository repository, Manifest manifest) {
        if (manifest.blobs().isEmpty() || manifest.isAttestation() || complete.contains(manifest.digest())) {
            return;
        }
        submit(() -> prefetch(repository, manifest));
    }

    /** Goes on with what was interrupted, now and ever again: a link that was gone may be back. */
    @SuppressWarnings("FutureReturnValueIgnored") // it tells the log how it went
    void goOn() {
        clock.scheduleWithFixedDelay(this::resumeInterrupted, 0, pace.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void resumeInterrupted() {
        round++;
        for (Interrupted blob : interrupted.get()) {
            int failures = failed.getOrDefault(blob, 0);
            // What was refused is asked for ever less often.
            if (round % (1L << Math.min(failures, MAX_DOUBLINGS)) == 0 && resuming.add(blob)) {
                submit(() -> resume(blob));
            }
        }
    }

    private void resume(Interrupted blob) {
        try {
            if (bring(blob.source(), blob.digest())) {
                failed.remove(blob);
            } else {
                failed.merge(blob, 1, Integer::sum);
            }
        } finally {
            resuming.remove(blob);
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
        executor.shutdownNow();
    }

    private void submit(Runnable work) {
        try {
            executor.execute(work);
        } catch (RejectedExecutionException full) {
            LOG.debug("too much to prefetch already");
        }
    }

    private void prefetch(Repository repository, Manifest manifest) {
        boolean all = true;
        for (Descriptor blob : manifest.blobs()) {
            if (!blob.isForeign() && !isHere.test(repository, blob.digest())) {
                all &= bring(repository, blob.digest());
            }
        }
        if (all && complete.size() < REMEMBERED) {
            complete.add(manifest.digest());
        }
    }

    /** Waits for one blob; true if it is here. */
    private boolean bring(Repository repository, Digest digest) {
        try (BlobSource source =
                fetch.apply(repository, digest).toCompletableFuture().join()) {
            CountDownLatch over = new CountDownLatch(1);
            source.whenReadable(BlobSource.END, over::countDown);
            over.await();
            return isHere.test(repository, digest);
        } catch (CompletionException e) {
            String why = e.getCause() instanceof RegistryException known ? known.getMessage() : e.toString();
            LOG.info("not prefetched: {}", why);
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
