package io.ociregistry.registry;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tries again, at a steady pace and a last time when it is closed, to write what the disk did not take. */
final class Saving implements AutoCloseable {
    static final Duration PACE = Duration.ofSeconds(30);
    private static final Logger LOG = LoggerFactory.getLogger(Saving.class);

    private final List<Runnable> savers;
    private final ScheduledThreadPoolExecutor scheduler;

    /** Begins; each of the savers does nothing if there is nothing to save. */
    @SuppressWarnings("FutureReturnValueIgnored") // what fails is logged, and the next time comes
    Saving(Duration pace, Runnable... savers) {
        this.savers = List.of(savers);
        this.scheduler = new ScheduledThreadPoolExecutor(1, work -> {
            Thread thread = new Thread(work, "saving");
            thread.setDaemon(true);
            return thread;
        });
        scheduler.scheduleWithFixedDelay(this::save, pace.toMillis(), pace.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void save() {
        for (Runnable saver : savers) {
            try {
                saver.run();
            } catch (RuntimeException e) {
                LOG.error("saving what the disk did not take: {}", e.toString());
            }
        }
    }

    @Override
    public void close() {
        scheduler.shutdownNow();
        save();
    }
}
