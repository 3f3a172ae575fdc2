package io.ociregistry.registry.prune;

import io.ociregistry.common.Daemons;
import io.ociregistry.config.model.CacheConfig;
import io.ociregistry.config.model.PruneConfig;
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
 * Prunes while the server runs, by one thread that nobody waits for but who has no room for what arrives: as {@code pruneConfig} says, and by size,
 * the least recently pulled first, from {@code cache.highWater} down to {@code cache.lowWater}.
 */
public final class BackgroundPruner implements DiskQuota.Relief, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BackgroundPruner.class);
    /** Longer than that nobody's first byte waits for room. */
    private static final long PATIENCE_SECONDS = 10;
    /** Longer than what was opened a moment ago is left alone for. */
    private static final long LEFT_OVER_SECONDS = 75;
    /** Where nothing could go, it is no use to look again at once. */
    private static final long PAUSE_NANOS = Duration.ofSeconds(30).toNanos();

    private final Pruner pruner;
    private final DiskQuota space;
    private final Clock clock;
    private final Supplier<RuntimeConfig> rules;
    private final ScheduledThreadPoolExecutor executor;
    /** What waits or runs. Guarded by "this". */
    private @Nullable FutureTask<?> queued;

    /** What the schedule was made of; null before the beginning. Guarded by "this". */
    private @Nullable PruneConfig scheduled;

    /** Guarded by "this". */
    private @Nullable Future<?> schedule;

    private volatile long fruitless = System.nanoTime() - PAUSE_NANOS;

    public BackgroundPruner(Pruner pruner, DiskQuota space, Supplier<RuntimeConfig> rules, Clock clock) {
        this.pruner = pruner;
        this.space = space;
        this.clock = clock;
        this.rules = rules;
        this.executor = new ScheduledThreadPoolExecutor(1, Daemons.named("prune"));
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** The space that a configuration allows. */
    public static DiskQuota space(CacheConfig cache) {
        return new DiskQuota(max(cache), part(cache, cache.highWater()));
    }

    private static long max(CacheConfig cache) {
        return cache.maxSize().orElse(Long.MAX_VALUE);
    }

    private long low() {
        CacheConfig cache = rules.get().config().cache();
        return part(cache, cache.lowWater());
    }

    private static long part(CacheConfig cache, int perCent) {
        return cache.maxSize()
                .map(max -> max / 100 * perCent + max % 100 * perCent / 100)
                .orElse(Long.MAX_VALUE);
    }

    /** Begins. */
    public @SuppressWarnings("FutureReturnValueIgnored") // what fails is logged, and the next time comes
    void begin() {
        executor.scheduleWithFixedDelay(
                logged(pruner::sweepLeftOver), LEFT_OVER_SECONDS, LEFT_OVER_SECONDS, TimeUnit.SECONDS);
        schedule();
        count();
    }

    /** Goes on by the rules that count now. Does nothing before it has begun, or after its end. */
    public void reload() {
        if (!isRunning()) {
            return;
        }
        schedule();
        CacheConfig cache = rules.get().config().cache();
        fruitless = System.nanoTime() - PAUSE_NANOS;
        space.limit(max(cache), part(cache, cache.highWater()));
        executor.execute(logged(this::count));
    }

    private synchronized boolean isRunning() {
        return scheduled != null && !executor.isShutdown();
    }

    /** Where there is an end, it counts what there is; that may take long. */
    private void count() {
        if (low() != Long.MAX_VALUE) {
            space.counted(pruner.size());
            space.relieveBy(this);
        }
    }

    /** Leaves the schedule as it is where nothing of it changed: else who reloads every day would never prune. */
    private synchronized void schedule() {
        PruneConfig config = rules.get().config().pruneConfig();
        if (config.equals(scheduled)) {
            return;
        }
        if (schedule != null) {
            schedule.cancel(false);
        }
        scheduled = config;
        long pace = Math.max(1, config.frequency().toMillis());
        schedule = config.enabled()
                ? executor.scheduleWithFixedDelay(
                        logged(() -> prune(request(config, clock.instant()))), pace, pace, TimeUnit.MILLISECONDS)
                : null;
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
            long target = Math.max(0, low() - space.reserved());
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
