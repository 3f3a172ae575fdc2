package io.ociregistry.registry.prune;

import io.ociregistry.common.Daemons;
import io.ociregistry.config.model.CacheConfig;
import io.ociregistry.config.model.PruneConfig;
import io.ociregistry.metrics.MaintenanceMetrics.Removal;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.store.DiskQuota;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Prunes the cache of a running server on one background thread: on the schedule of {@code pruneConfig}, and by size.
 *
 * <p>If the cache grows over {@code cache.highWater}, the least recently pulled images are evicted until it is down to
 * {@code cache.lowWater}. Only a download that does not fit into {@code cache.maxSize} waits for an eviction, for at
 * most ten seconds (ADR 22). Failures are logged, and the next run tries again. Closing interrupts the thread and does
 * not wait for it.
 */
public final class BackgroundPruner implements DiskQuota.Evictor, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BackgroundPruner.class);
    /** The longest time that a download waits for an eviction. */
    private static final long EVICTION_WAIT_SECONDS = 10;
    /** Longer than the 60 seconds for which a blob stays after it was opened. */
    private static final long RETRY_SECONDS = 75;
    /** The pause after an eviction that freed nothing. */
    private static final long PAUSE_NANOS = Duration.ofSeconds(30).toNanos();

    private final Pruner pruner;
    private final DiskQuota quota;
    private final Clock clock;
    private final Supplier<RuntimeConfig> runtimeConfig;
    private final ScheduledThreadPoolExecutor executor;
    /** The eviction that waits or runs. Guarded by "this". */
    private @Nullable FutureTask<?> eviction;

    /** The configuration of the current schedule; null before the start. Guarded by "this". */
    private @Nullable PruneConfig scheduled;

    /** Guarded by "this". */
    private @Nullable Future<?> schedule;

    /** The time of the last eviction that freed nothing. */
    private volatile long freedNothing = System.nanoTime() - PAUSE_NANOS;

    /** Sets the limits of the quota that the current configuration has. */
    public BackgroundPruner(Pruner pruner, DiskQuota quota, Supplier<RuntimeConfig> runtimeConfig, Clock clock) {
        this.pruner = pruner;
        this.quota = quota;
        this.clock = clock;
        this.runtimeConfig = runtimeConfig;
        this.executor = new ScheduledThreadPoolExecutor(1, Daemons.withName("prune"));
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        setLimits();
    }

    private void setLimits() {
        CacheConfig cache = runtimeConfig.get().config().cache();
        quota.setLimits(max(cache), percentOf(cache, cache.highWater()));
    }

    private static long max(CacheConfig cache) {
        return cache.maxSize().orElse(Long.MAX_VALUE);
    }

    private long lowWater() {
        CacheConfig cache = runtimeConfig.get().config().cache();
        return percentOf(cache, cache.lowWater());
    }

    private static long percentOf(CacheConfig cache, int perCent) {
        return cache.maxSize()
                .map(max -> max / 100 * perCent + max % 100 * perCent / 100)
                .orElse(Long.MAX_VALUE);
    }

    /** Starts the schedule, and counts the bytes of the cache. */
    public @SuppressWarnings("FutureReturnValueIgnored") // failures are logged, and the next run tries again
    void start() {
        executor.scheduleWithFixedDelay(
                logged(pruner::retryDeferredDeletes), RETRY_SECONDS, RETRY_SECONDS, TimeUnit.SECONDS);
        schedule();
        countBytes();
    }

    /** Applies the current configuration. Does nothing before {@link #start} or after {@link #close}. */
    public void reload() {
        if (!isRunning()) {
            return;
        }
        schedule();
        freedNothing = System.nanoTime() - PAUSE_NANOS;
        setLimits();
        executor.execute(logged(this::countBytes));
    }

    private synchronized boolean isRunning() {
        return scheduled != null && !executor.isShutdown();
    }

    /** Counts the bytes of the cache if {@code cache.maxSize} is set. Slow on a large cache. */
    private void countBytes() {
        if (lowWater() != Long.MAX_VALUE) {
            quota.setUsed(pruner.size());
            quota.setEvictor(this);
        }
    }

    /**
     * Replaces the schedule only if its configuration changed. Otherwise a server that is reloaded every day would
     * never prune.
     */
    private synchronized void schedule() {
        PruneConfig config = runtimeConfig.get().config().pruneConfig();
        if (config.equals(scheduled)) {
            return;
        }
        if (schedule != null) {
            schedule.cancel(false);
        }
        scheduled = config;
        long period = config.frequency().toMillis();
        schedule = config.enabled()
                ? executor.scheduleWithFixedDelay(
                        logged(() -> prune(
                                request(config, clock.instant()),
                                config.type() == PruneConfig.Type.PATTERN ? Removal.PATTERN : Removal.AGE)),
                        period,
                        period,
                        TimeUnit.MILLISECONDS)
                : null;
    }

    /** Returns the request of a configuration at the given time. */
    static PruneRequest request(PruneConfig config, Instant now) {
        PrunePolicy policy =
                switch (config.type()) {
                    case ACCESSED -> new PrunePolicy.PulledBefore(now.minus(config.duration()));
                    case CREATED -> new PrunePolicy.CreatedBefore(now.minus(config.duration()));
                    case PATTERN ->
                        new PrunePolicy.Matching(
                                ReferencePatterns.parse(config.expr().orElse("")));
                };
        // 0 is the default of the Go program and means no limit.
        OptionalInt count = config.count() > 0 ? OptionalInt.of(config.count()) : OptionalInt.empty();
        return new PruneRequest(policy, count, OptionalLong.empty(), config.dryRun());
    }

    private void prune(PruneRequest request, Removal reason) {
        PruneReport report = pruner.prune(request, reason);
        if (!report.names().isEmpty() || !report.blobs().isEmpty()) {
            LOG.info("pruned in the background\n{}", String.join("\n", report.lines()));
        }
    }

    private Runnable logged(Runnable work) {
        return () -> {
            try {
                work.run();
            } catch (RuntimeException e) {
                logFailure(e);
            }
        };
    }

    private void logFailure(RuntimeException e) {
        if (executor.isShutdown()) {
            LOG.info("the stop of the server interrupted a pruning; the next run removes the rest: {}", e.toString());
        } else if (e instanceof RegistryException) {
            LOG.error("pruning in the background failed: {}", e.getMessage());
        } else {
            LOG.error("pruning in the background failed; the next run tries again", e);
        }
    }

    @Override
    public void evictSoon() {
        startEviction();
    }

    @Override
    public void evictNow() {
        Optional<FutureTask<?>> task = startEviction();
        if (task.isEmpty()) {
            return;
        }
        try {
            task.get().get(EVICTION_WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("waiting for an eviction: {}", e.toString());
        }
    }

    /** Returns the eviction that waits or runs; empty if the last one just freed nothing, or if the server stops. */
    private synchronized Optional<FutureTask<?>> startEviction() {
        if (System.nanoTime() - freedNothing < PAUSE_NANOS) {
            return Optional.empty();
        }
        if (eviction == null) {
            FutureTask<?> task = new FutureTask<>(logged(this::evict), true);
            try {
                executor.execute(task);
            } catch (RejectedExecutionException stopping) {
                return Optional.empty();
            }
            eviction = task;
        }
        return Optional.of(eviction);
    }

    private void evict() {
        try {
            long before = pruner.size();
            quota.setUsed(before);
            long target = Math.max(0, lowWater() - quota.reserved());
            if (before > target) {
                prune(
                        new PruneRequest(
                                new PrunePolicy.AllOf(List.of()), OptionalInt.empty(), OptionalLong.of(target), false),
                        Removal.SIZE);
            }
            long after = pruner.size();
            if (after == before) {
                freedNothing = System.nanoTime();
            }
            quota.setUsed(after);
        } finally {
            synchronized (this) {
                eviction = null;
            }
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
