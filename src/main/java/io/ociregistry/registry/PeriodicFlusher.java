package io.ociregistry.registry;

import io.ociregistry.common.Daemons;
import io.ociregistry.common.Pools;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes, at a steady pace and a last time when it is closed, what there is to write: what can wait, and what the disk did not take. */
final class PeriodicFlusher implements AutoCloseable {
    static final Duration PACE = Duration.ofSeconds(30);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Logger LOG = LoggerFactory.getLogger(PeriodicFlusher.class);

    private final List<Runnable> savers;
    private final ScheduledThreadPoolExecutor scheduler;

    /** Begins; each of the savers does nothing if there is nothing to save. */
    @SuppressWarnings("FutureReturnValueIgnored") // what fails is logged, and the next time comes
    PeriodicFlusher(Duration pace, Runnable... savers) {
        this.savers = List.of(savers);
        this.scheduler = new ScheduledThreadPoolExecutor(1, Daemons.named("saving"));
        scheduler.scheduleWithFixedDelay(this::save, pace.toMillis(), pace.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void save() {
        for (Runnable saver : savers) {
            try {
                saver.run();
            } catch (RuntimeException e) {
                LOG.error("saving: {}", e.toString());
            }
        }
    }

    @Override
    public void close() {
        // Not interrupted: a file that is being written would fail for that.
        Pools.end(scheduler, PATIENCE);
        save();
    }
}
