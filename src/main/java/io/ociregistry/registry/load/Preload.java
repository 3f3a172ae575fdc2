package io.ociregistry.registry.load;

import io.ociregistry.common.Daemons;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import io.ociregistry.registry.load.list.LoadPlan;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A load in the background of a server, which neither its start nor its clients wait for: what is complete asks nobody, and what a client wants
 * before it is loaded comes as ever. What a link kept from coming is tried again, ever less often, until all is here or it can't help.
 */
public final class Preload implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Preload.class);
    private static final int DOUBLINGS = 5;

    private final ImageLoader loader;
    private final LoadPlan plan;
    private final LoadOptions options;
    private final Duration pause;
    private final Thread thread;

    /**
     * One that has not begun.
     *
     * @param pause before the second try; later ones are up to {@code 2^}{@value #DOUBLINGS} times as long
     */
    public Preload(ImageLoader loader, LoadPlan plan, LoadOptions options, Duration pause) {
        this.loader = loader;
        this.plan = plan;
        this.options = options;
        this.pause = pause;
        this.thread = Daemons.named("preload").newThread(this::run);
    }

    public void start() {
        thread.start();
    }

    private void run() {
        try {
            LoadSummary summary = load(plan);
            for (int tries = 0; canHelp(summary); tries++) {
                TimeUnit.MILLISECONDS.sleep(pause.toMillis() << Math.min(tries, DOUBLINGS));
                summary = load(LoadPlan.of(plan.lines()));
            }
        } catch (InterruptedException stopping) {
            LOG.debug("preloading stops");
        } catch (RuntimeException e) {
            LOG.error("preloading", e);
        }
    }

    private LoadSummary load(LoadPlan what) throws InterruptedException {
        LoadSummary summary = loader.load(what, options, new InTheLog());
        LOG.info(
                "preload: {} images loaded, {} already there, {} failed",
                summary.loaded(),
                summary.alreadyThere(),
                summary.failed().size());
        return summary;
    }

    private static boolean canHelp(LoadSummary summary) {
        return summary.failed().stream().anyMatch(Failed::canPass);
    }

    /** Returns when there is nothing more to do. */
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

    /** What an operator wants to know of it later. */
    private static final class InTheLog implements LoadListener {
        @Override
        public void noted(String note) {
            LOG.warn("preload: {}", note);
        }

        @Override
        public void ended(LoadOutcome outcome) {
            if (outcome instanceof Failed failed) {
                LOG.warn("preload: {} is not loaded: {}", failed.image(), failed.reason());
            } else if (outcome instanceof Loaded loaded) {
                LOG.info("preload: {} is loaded", loaded.image());
            }
        }
    }
}
