package io.ociregistry.common;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the value of a {@link ReloadingFile} current from a background thread.
 *
 * <p>Thread-safe. {@link #get} takes no lock and reads no file. Closing stops the background thread.
 */
public final class BackgroundReload<T> implements AutoCloseable {
    /** The usual time between two checks of the files, and so the longest time for which a change is not noticed. */
    public static final Duration CHECK_INTERVAL = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(BackgroundReload.class);

    private final ReloadingFile<T> files;
    private final Consumer<T> onChange;
    private final ScheduledExecutorService scheduler;
    private volatile T current;

    private BackgroundReload(ReloadingFile<T> files, Consumer<T> onChange) {
        this.files = files;
        this.onChange = onChange;
        this.current = files.load();
        this.scheduler = Executors.newSingleThreadScheduledExecutor(Daemons.withName("changed files"));
    }

    /**
     * Reads the files and starts a thread that checks them for changes. Throws the exception of the first read; then no
     * thread is started.
     *
     * @param interval the time between two checks
     * @param onChange receives each later value
     */
    public static <T> BackgroundReload<T> start(ReloadingFile<T> files, Duration interval, Consumer<T> onChange) {
        BackgroundReload<T> reload = new BackgroundReload<>(files, onChange);
        var unused = reload.scheduler.scheduleWithFixedDelay(
                reload::check, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
        return reload;
    }

    /** Returns the value of the last check; while the files can't be used, the last value before that. */
    public T get() {
        return current;
    }

    private void check() {
        files.invalidate();
        T next = files.get();
        if (next == current) {
            return;
        }
        current = next;
        try {
            onChange.accept(next);
        } catch (RuntimeException e) {
            // An exception would cancel the later checks.
            LOG.error("applying the changed files {} failed; correct them, or restart the server", files, e);
        }
    }

    @Override
    public void close() {
        scheduler.shutdownNow();
    }
}
