package io.ociregistry.registry;

import io.ociregistry.config.CacheConfig;
import io.ociregistry.config.PruneConfig;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.Space;
import io.ociregistry.threads.Daemons;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Prunes while the server runs, by one thread that nobody waits for but who has no room for what arrives: as {@code pruneConfig} says, and by size,
 * the least recently pulled first, from {@code cache.highWater} down to {@code cache.lowWater}.
 */
final class Housekeeping implements Space.Relief, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);
    /** Longer than that nobody's first byte waits for room. */
    private static final long PATIENCE_SECONDS = 10;
    /** Longer than what was opened a moment ago is left alone for. */
    private static final long LEFT_OVER_SECONDS = 75;
    /** Where nothing could go, it is no use to look again at once. */
    private static final long PAUSE_NANOS = Duration.ofSeconds(30).toNanos();

    private final Pruner pruner;
    private final Space space;
    private final Clock clock;
    private final long low;
    private final ScheduledThreadPoolExecutor executor;
    /** What waits or runs. Guarded by "this". */
    private @Nullable FutureTask<?> queued;

    private volatile long fruitless = System.nanoTime() - PAUSE_NANOS;

    Housekeeping(Pruner pruner, Space space, CacheConfig cache, Clock clock) {
        this.pruner = pruner;
        this.space = space;
        this.clock = clock;
        this.low = part(cache, cache.lowWater());
        this.executor = new ScheduledThreadPoolExecutor(1, Daemons.named("prune"));
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** The space that a configuration allows. */
    static Space space(CacheConfig cache) {
        return cache.maxSize().isPresent()
                ? new Space(cache.maxSize().get(), part(cache, cache.highWater()))
                : Space.unlimited();
    }

    private static long part(CacheConfig cache, int perCent) {
        return cache.maxSize()
                .map(max -> max / 100 * perCent + max % 100 * perCent / 100)
                .orElse(Long.MAX_VALUE);
    }

    /** Begins. */
    @SuppressWarnings("FutureReturnValueIgnored") // what fails is logged, and the next time comes
    void begin(PruneConfig config) {
        executor.scheduleWithFixedDelay(
                logged(pruner::sweepLeftOver), LEFT_OVER_SECONDS, LEFT_OVER_SECONDS, TimeUnit.SECONDS);
        if (config.enabled()) {
            long pace = Math.max(1, config.frequency().toMillis());
            executor.scheduleWithFixedDelay(
                    logged(() -> prune(request(config, clock.instant()))), pace, pace, TimeUnit.MILLISECONDS);
        }
        if (low != Long.MAX_VALUE) {
            space.counted(pruner.size());
            space.relieveBy(this);
        }
    }

    /** What a configuration asks for at that moment. */
    static PruneRequest request(PruneConfig config, Instant now) {
        PrunePolicy policy =
                switch (config.type()) {
                    case ACCESSED -> new PrunePolicy.PulledBefore(now.minus(config.duration()));
                    case CREATED -> new PrunePolicy.CreatedBefore(now.minus(config.duration()));
                    case PATTERN ->
                        new PrunePolicy.Matching(
                                ReferencePatterns.parse(config.expr().orElse("")));
                };
        // 0 is what the Go program has where nothing is said.
        OptionalInt count = config.count() > 0 ? OptionalInt.of(config.count()) : OptionalInt.empty();
        return new PruneRequest(policy, count, OptionalLong.empty(), config.dryRun());
    }

    private void prune(PruneRequest request) {
        PruneReport report = pruner.prune(request);
        if (!report.names().isEmpty() || !report.blobs().isEmpty()) {
            LOG.info("pruning in the background\n{}", String.join("\n", report.lines()));
        }
    }

    private static Runnable logged(Runnable work) {
        return () -> {
            try {
                work.run();
            } catch (RegistryException e) {
                LOG.error("{}", e.getMessage());
            } catch (RuntimeException e) {
                LOG.error("pruning in the background", e);
            }
        };
    }

    @Override
    public void soon() {
        evicted();
    }

    @Override
    public void now() {
        Optional<FutureTask<?>> running = evicted();
        if (running.isEmpty()) {
            return;
        }
        try {
            running.get().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("waiting for room: {}", e.toString());
        }
    }

    /** The eviction that is to come or runs; none where the last one was of no use, or the server stops. */
    private synchronized Optional<FutureTask<?>> evicted() {
        if (System.nanoTime() - fruitless < PAUSE_NANOS) {
            return Optional.empty();
        }
        if (queued == null) {
            FutureTask<?> task = new FutureTask<>(logged(this::evict), true);
            try {
                executor.execute(task);
            } catch (RejectedExecutionException stopping) {
                return Optional.empty();
            }
            queued = task;
        }
        return Optional.of(queued);
    }

    private void evict() {
        try {
            long before = pruner.size();
            space.counted(before);
            long target = Math.max(0, low - space.reserved());
            if (before > target) {
                prune(new PruneRequest(
                        new PrunePolicy.AllOf(List.of()), OptionalInt.empty(), OptionalLong.of(target), false));
            }
            long after = pruner.size();
            if (after == before) {
                fruitless = System.nanoTime();
            }
            space.counted(after);
        } finally {
            synchronized (this) {
                queued = null;
            }
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
