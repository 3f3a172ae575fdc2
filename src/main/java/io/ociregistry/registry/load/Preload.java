package io.ociregistry.registry.load;

import io.ociregistry.common.Daemons;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import io.ociregistry.registry.load.list.LoadPlan;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads images in the background of a server (ADR 23).
 *
 * <p>Neither the start of the server nor its clients wait for it; a client that requests an image before it is loaded
 * gets it as without a preload. If a file of the preload is missing or can't be used, that is logged once, and the
 * files are read again with exponential back-off. If an image failed and a retry may help, all lines are loaded again
 * with the same back-off; complete images cause no requests. Closing it interrupts the load and waits for its thread.
 */
public final class Preload implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Preload.class);
    private static final int MAX_DOUBLINGS = 5;

    private final ImageLoader loader;
    private final String files;
    private final LoadOptions options;
    private final Duration pause;
    private final Thread thread;
    private final Progress progress = new Progress();
    private volatile String state = "waiting";

    /**
     * Creates a preload that does not run yet.
     *
     * @param files the value of {@code preloadImages}
     * @param pause the time before the first retry; later ones are up to {@code 2^}{@value #MAX_DOUBLINGS} times as
     *     long
     */
    public Preload(ImageLoader loader, String files, LoadOptions options, Duration pause) {
        this.loader = loader;
        this.files = files;
        this.options = options;
        this.pause = pause;
        this.thread = Daemons.withName("preload").newThread(this::run);
    }

    public void start() {
        thread.start();
    }

    public PreloadStatus status() {
        return progress.status(files, state);
    }

    private void run() {
        try {
            LoadPlan plan = read();
            LoadSummary summary = load(plan);
            for (int tries = 0; canRetry(summary); tries++) {
                progress.isCounted = true;
                state = "retrying";
                backOff(tries);
                summary = load(LoadPlan.of(plan.lines()));
            }
        } catch (InterruptedException interrupted) {
            LOG.debug("preload interrupted");
        } catch (RuntimeException e) {
            LOG.error("preload: internal error; the preload ends, clients are served as without it", e);
        } finally {
            state = "ended";
        }
    }

    /** Waits until all files can be read. */
    private LoadPlan read() throws InterruptedException {
        for (int tries = 0; ; tries++) {
            try {
                return LoadPlan.of(files);
            } catch (IOException e) {
                if (tries == 0) {
                    LOG.error(
                            "preload: no image is loaded, because a file of preloadImages can't be used: {}. The server"
                                    + " serves without the preload, and tries again. Add the file, or correct"
                                    + " preloadImages and restart",
                            e.getMessage());
                }
                backOff(tries);
            }
        }
    }

    private void backOff(int tries) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(pause.toMillis() << Math.min(tries, MAX_DOUBLINGS));
    }

    private LoadSummary load(LoadPlan images) throws InterruptedException {
        state = "loading";
        LoadSummary summary = loader.load(images, options, progress);
        LOG.info(
                "preload: {} images loaded, {} already there, {} failed",
                summary.loaded(),
                summary.alreadyCached(),
                summary.failed().size());
        return summary;
    }

    private static boolean canRetry(LoadSummary summary) {
        return summary.failed().stream().anyMatch(Failed::isTransient);
    }

    /** Waits for the end of the preload, including its retries. */
    void awaitEnd() throws InterruptedException {
        thread.join();
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            awaitEnd();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Logs and counts the outcomes. A retry replaces the outcome of an image. */
    private static final class Progress implements LoadListener {
        private final Map<String, Boolean> isDone = new ConcurrentHashMap<>();
        private final AtomicInteger total = new AtomicInteger();
        /** True after the first load; a retry finds the same images again. */
        private volatile boolean isCounted;

        PreloadStatus status(String files, String state) {
            int done = (int) isDone.values().stream().filter(each -> each).count();
            return new PreloadStatus(files, state, Math.max(total.get(), isDone.size()), done, isDone.size() - done);
        }

        @Override
        public void found(int images) {
            if (!isCounted) {
                total.addAndGet(images);
            }
        }

        @Override
        public void noted(String note) {
            LOG.warn("preload: {}", note);
        }

        @Override
        public void ended(LoadOutcome outcome) {
            isDone.put(outcome.image(), !(outcome instanceof Failed));
            if (outcome instanceof Failed failed) {
                LOG.warn("preload: {} not loaded: {}", failed.image(), failed.reason());
            } else if (outcome instanceof Loaded loaded) {
                LOG.info("preload: {} loaded", loaded.image());
            }
        }
    }
}
