package io.ociregistry.registry;

import io.ociregistry.common.Daemons;
import io.ociregistry.common.Pools;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes deferred changes of the store to disk, periodically and once more when it is closed.
 *
 * <p>Such changes are those that may wait, and those whose earlier write failed.
 */
final class PeriodicFlusher implements AutoCloseable {
    static final Duration INTERVAL = Duration.ofSeconds(30);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Logger LOG = LoggerFactory.getLogger(PeriodicFlusher.class);

    private final Duration period;
    private final List<Runnable> writes;
    private final ScheduledThreadPoolExecutor scheduler;

    /** Starts the schedule. Each write is idempotent and does nothing if there are no changes. */
    @SuppressWarnings("FutureReturnValueIgnored") // a failure is logged, and the next run tries again
    PeriodicFlusher(Duration period, Runnable... writes) {
        this.period = period;
        this.writes = List.of(writes);
        this.scheduler = new ScheduledThreadPoolExecutor(1, Daemons.withName("saving"));
        scheduler.scheduleWithFixedDelay(this::save, period.toMillis(), period.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void save() {
        for (Runnable write : writes) {
            try {
                write.run();
            } catch (RuntimeException e) {
                LOG.error(
                        "periodic write of deferred changes failed, the next one is in {} s: {}",
                        period.toSeconds(),
                        e.toString());
            }
        }
    }

    @Override
    public void close() {
        // No interrupt: it would make the write of a file fail.
        Pools.shutdown(scheduler, PATIENCE);
        save();
    }
}
