package io.ociregistry.registry.verify;

import io.ociregistry.common.Daemons;
import io.ociregistry.metrics.MaintenanceMetrics;
import io.ociregistry.oci.Digest;
import io.ociregistry.store.Inspector;
import io.ociregistry.store.Inspector.ReadThrottle;
import io.ociregistry.store.Store;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Verifies the cache of a running server in the background, at the pace of its inspector, and repairs each problem at
 * once.
 *
 * <p>One thread does this, and no request waits for it. A missing blob is a problem only if it was cached before,
 * because clients may pull a manifest without its blobs. Closing interrupts the pass and waits for the thread.
 */
public final class Scrub implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Scrub.class);

    /**
     * The times of the passes.
     *
     * @param initialDelay the delay after a start of the server, and the shortest pause between two passes
     * @param interval the shortest time from the start of one pass to the start of the next, also over restarts
     */
    public record Schedule(Duration initialDelay, Duration interval) {
        public static final Schedule DEFAULT = new Schedule(Duration.ofMinutes(5), Duration.ofDays(1));

        /**
         * Returns the delay of the first pass after a start of the server. A last pass in the future is ignored,
         * because the clock is or was wrong.
         */
        Duration delayAtStart(Optional<Instant> last, Instant now) {
            return last.filter(started -> !started.isAfter(now))
                    .map(started -> interval.minus(Duration.between(started, now)))
                    .filter(rest -> rest.compareTo(initialDelay) > 0)
                    .orElse(initialDelay);
        }
    }

    private final Store store;
    private final Inspector inspector;
    private final Repair repair;
    private final Schedule schedule;
    private final Clock clock;
    private final MaintenanceMetrics metrics;
    private final Thread thread;

    public Scrub(
            Store store,
            ReadThrottle throttle,
            Repair repair,
            Schedule schedule,
            Clock clock,
            MaintenanceMetrics metrics) {
        this.store = store;
        this.inspector = store.inspector(throttle);
        this.repair = repair;
        this.schedule = schedule;
        this.clock = clock;
        this.metrics = metrics;
        this.thread = Daemons.withName("scrub").newThread(this::run);
    }

    public void start() {
        thread.start();
    }

    private void run() {
        try {
            Duration wait = schedule.delayAtStart(store.lastScrub(), clock.instant());
            TimeUnit.MILLISECONDS.sleep(wait.toMillis());
            while (true) {
                long started = System.nanoTime();
                tryPass();
                long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started);
                long rest = schedule.interval().toMillis() - took;
                TimeUnit.MILLISECONDS.sleep(Math.max(schedule.initialDelay().toMillis(), rest));
            }
        } catch (InterruptedException stopping) {
            LOG.debug("scrub: stopping");
        }
    }

    private void tryPass() throws InterruptedException {
        try {
            pass();
        } catch (RuntimeException e) {
            LOG.error("scrub: the pass failed; the next one tries again", e);
        }
    }

    private void pass() throws InterruptedException {
        Instant started = clock.instant();
        List<Problem> found = new ArrayList<>();
        long problems = 0;
        Verifier verifier = new Verifier(inspector, found::add);
        verifier.verifyRecords();
        problems += repair(found);
        List<Digest> all = new ArrayList<>(verifier.blobs());
        // Random order, so that every blob gets its turn if the server always stops before the end of a pass.
        Collections.shuffle(all);
        for (Digest blob : all) {
            verifier.verifyBlob(blob);
            problems += repair(found);
        }
        store.recordScrub(started);
        metrics.scrubbed(problems);
        Verifier.Summary summary = verifier.summary();
        LOG.info(
                "scrub: {} manifests and {} blobs read, {} bytes",
                summary.manifests(),
                summary.blobs(),
                summary.bytes());
    }

    /** Repairs the problems, and returns their number. */
    private int repair(List<Problem> found) throws InterruptedException {
        Set<Digest> missing = found.stream()
                .filter(Problem.MissingBlob.class::isInstance)
                .map(Problem.MissingBlob.class::cast)
                .map(Problem.MissingBlob::digest)
                .collect(Collectors.toSet());
        Set<Digest> cachedBefore = missing.isEmpty() ? Set.of() : store.blobs().wereVerified(missing);
        found.removeIf(problem -> problem instanceof Problem.MissingBlob blob && !cachedBefore.contains(blob.digest()));
        if (found.isEmpty()) {
            return 0;
        }
        found.forEach(problem -> LOG.error("scrub: {}", problem));
        repair.repair(found, Scrub::log);
        int problems = found.size();
        found.clear();
        return problems;
    }

    private static void log(RepairOutcome outcome) {
        if (outcome.isRepaired()) {
            LOG.info("scrub: {}", outcome);
        } else {
            LOG.error("scrub: {}", outcome);
        }
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
