package io.ociregistry.common;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What {@link ReloadingFile} makes, looked at in the background: to ask for it takes no lock and reads no file. */
public final class BackgroundReload<T> implements AutoCloseable {
    /** How long a changed file may go unseen. */
    public static final Duration PAUSE = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(BackgroundReload.class);

    private final ReloadingFile<T> files;
    private final Consumer<T> changed;
    private final ScheduledExecutorService looks;
    private volatile T now;

    private BackgroundReload(ReloadingFile<T> files, Consumer<T> changed) {
        this.files = files;
        this.changed = changed;
        this.now = files.first();
        this.looks = Executors.newSingleThreadScheduledExecutor(Daemons.named("changed files"));
    }

    /**
     * Reads the files and begins to watch them. Fails as they do, and watches nothing then.
     *
     * @param changed is told what is made of them later
     */
    public static <T> BackgroundReload<T> start(ReloadingFile<T> files, Duration pause, Consumer<T> changed) {
        BackgroundReload<T> watched = new BackgroundReload<>(files, changed);
        var unused = watched.looks.scheduleWithFixedDelay(
                watched::look, pause.toMillis(), pause.toMillis(), TimeUnit.MILLISECONDS);
        return watched;
    }

    /** What the files held when they were last looked at, or before they broke. */
    public T get() {
        return now;
    }

    private void look() {
        files.distrust();
        T next = files.get();
        if (next == now) {
            return;
        }
        now = next;
        try {
            changed.accept(next);
        } catch (RuntimeException e) {
            // It must not end the watch.
            LOG.error("what has changed can't be used", e);
        }
    }

    @Override
    public void close() {
        looks.shutdownNow();
    }
}
