package io.ociregistry.registry.blob;

import io.ociregistry.common.Daemons;
import io.ociregistry.common.Pools;
import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.InterruptedDownload;
import io.ociregistry.store.blob.IncompleteImages;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletionStage;
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
 * Brings in what an image manifest names once a client has fetched that manifest, so that a client that leaves does not leave half an image.
 *
 * <p>Two blobs at a time, behind what clients wait for. It never starts for HEAD, which update checkers send, for attestations, or for foreign
 * layers. What a stop, a crash or a link that was gone kept from being whole it comes back to: images that it began, and blobs of which a part
 * is here, whoever began them; ever less often where it is refused. At most 10,000 wait; a client that fetches the manifest again asks anew.
 */
public final class Prefetch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Prefetch.class);
    private static final int AT_A_TIME = 2;
    private static final int WAITING = 10_000;
    /** Of images whose blobs were all seen in the store; forgetting them costs a look at the disk. */
    private static final int REMEMBERED = 10_000;

    private static final int MAX_DOUBLINGS = 10;

    private final Source source;
    private final IncompleteImages pending;
    private final ThreadPoolExecutor executor;
    private final ScheduledExecutorService clock;
    /** What waits or is being worked on: images and blobs. */
    private final Set<Object> queued = ConcurrentHashMap.newKeySet();

    private final Map<Object, Integer> refused = new ConcurrentHashMap<>();
    /** Only the clock's thread touches it. */
    private long round = -1;

    private final Set<ImageReference> complete = ConcurrentHashMap.newKeySet();

    /** Everything here that waits can be interrupted; only the disk can't. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** How it went; the last is the worst. */
    private enum Outcome {
        HERE,
        LATER,
        REFUSED
    }

    /** Where things come from, and what is here already. */
    public interface Source {
        /** Whether anything is to be fetched ahead just now. */
        boolean isWanted();

        /** How often is looked at what is not whole yet. */
        Duration pace();

        /** The manifest of an image that is here; asks nobody. */
        Optional<Manifest> manifest(ImageReference image);

        /** Whether a repository's blob can be served without asking anybody. */
        boolean isHere(Repository repository, Digest blob);

        /** Whether there is room to keep it; without, nobody fetches ahead. */
        boolean hasRoom(Repository repository, Digest blob);

        /** Fetches a blob as for a client, but less urgently. */
        CompletionStage<BlobSource> fetch(Repository repository, Digest blob);

        /** The blobs of which a part is here and nobody is fetching the rest. */
        List<InterruptedDownload> interrupted();
    }

    /** Nothing is prefetched yet. */
    public Prefetch(Source source, IncompleteImages pending) {
        this.source = source;
        this.pending = pending;
        this.executor = new ThreadPoolExecutor(
                AT_A_TIME,
                AT_A_TIME,
                10,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(WAITING),
                Daemons.named("prefetch"));
        executor.allowCoreThreadTimeOut(true);
        this.clock = Executors.newSingleThreadScheduledExecutor(Daemons.named("prefetch"));
    }

    /** A client got that manifest. Costs it nothing but a look into memory. */
    public void fetched(Repository repository, Manifest manifest) {
        ImageReference image = new ImageReference(repository, manifest.digest());
        if (!source.isWanted() || manifest.blobs().isEmpty() || manifest.isAttestation() || complete.contains(image)) {
            return;
        }
        submit(image, () -> {
            pending.add(image);
            return bring(image);
        });
    }

    /** Those are not here any more, and may be wanted anew. */
    public void forget(Set<ImageReference> images) {
        complete.removeAll(images);
    }

    /** What was refused until now may not be refused the next time. */
    public void forgetRefusals() {
        refused.clear();
    }

    /** Comes back to what is not whole, now and ever again. */
    public void goOn() {
        clock.execute(this::goRound);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // it tells the log how it went
    private void goRound() {
        if (source.isWanted()) {
            comeBack();
        }
        if (!clock.isShutdown()) {
            clock.schedule(this::goRound, source.pace().toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void comeBack() {
        round++;
        try {
            for (ImageReference image : pending.list()) {
                comeBack(image, () -> bring(image));
            }
            for (InterruptedDownload blob : source.interrupted()) {
                comeBack(blob, () -> bring(blob.source(), blob.digest()));
            }
        } catch (RuntimeException e) {
            // Else the clock would never come back.
            LOG.error("looking for what is not whole yet", e);
        }
    }

    /** What was refused is asked for ever less often; a link that was gone is no refusal. */
    private void comeBack(Object what, Supplier<Outcome> work) {
        int refusals = refused.getOrDefault(what, 0);
        if (round % (1L << Math.min(refusals, MAX_DOUBLINGS)) == 0) {
            submit(what, work);
        }
    }

    /** Waits for what is under way, which notes how far it came: not once the lock of the cache is another's. */
    @Override
    public void close() {
        Pools.interrupt(clock, PATIENCE);
        Pools.interrupt(executor, PATIENCE);
    }

    /** Does some work, unless the same waits already. */
    private void submit(Object what, Supplier<Outcome> work) {
        if (!queued.add(what)) {
            return;
        }
        try {
            executor.execute(() -> run(what, work));
        } catch (RejectedExecutionException full) {
            queued.remove(what);
            LOG.debug("too much to prefetch already");
        }
    }

    private void run(Object what, Supplier<Outcome> work) {
        try {
            Outcome outcome = work.get();
            if (outcome == Outcome.HERE) {
                refused.remove(what);
            } else if (outcome == Outcome.REFUSED && refused.size() < WAITING) {
                refused.merge(what, 1, Integer::sum);
            }
        } finally {
            queued.remove(what);
        }
    }

    /** Brings in the blobs of an image. */
    private Outcome bring(ImageReference image) {
        Outcome worst = Outcome.HERE;
        Repository repository = image.repository();
        for (Descriptor blob : source.manifest(image).map(Manifest::neededBlobs).orElse(List.of())) {
            if (!source.isHere(repository, blob.digest())) {
                Outcome outcome = bring(repository, blob.digest());
                worst = outcome.compareTo(worst) > 0 ? outcome : worst;
            }
        }
        if (worst == Outcome.HERE) {
            pending.remove(image);
            if (complete.size() < REMEMBERED) {
                complete.add(image);
            }
        }
        return worst;
    }

    /** Waits for one blob. */
    private Outcome bring(Repository repository, Digest digest) {
        // A stop ends the wait for one blob, and begins none of those after it.
        if (executor.isShutdown() || !source.hasRoom(repository, digest)) {
            return Outcome.LATER;
        }
        try (BlobSource blob =
                source.fetch(repository, digest).toCompletableFuture().get()) {
            CountDownLatch over = new CountDownLatch(1);
            blob.whenReadable(BlobSource.END, over::countDown);
            over.await();
            return source.isHere(repository, digest) ? Outcome.HERE : Outcome.LATER;
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof RegistryException known)) {
                LOG.error("prefetching {}@{}", repository, digest, e);
                return Outcome.REFUSED;
            }
            LOG.info("not prefetched: {}", known.getMessage());
            return known.code().isUpstreamFailure() || known.code() == ErrorCode.OVERLOADED
                    ? Outcome.LATER
                    : Outcome.REFUSED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Outcome.LATER;
        }
    }
}
