package io.ociregistry.registry.verify;

import io.ociregistry.common.Daemons;
import io.ociregistry.oci.Digest;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.check.Inspector;
import io.ociregistry.store.check.ScrubNote;
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
 * Looks through the cache of a running server for what has gone bad on its disk, as slowly as its inspector's pace is, and repairs that at once: by
 * one thread that nobody waits for. A missing blob is a fault only if it was here once: that clients wanted no more than a manifest is none.
 */
public final class Scrub implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Scrub.class);

    /**
     * When to look.
     *
     * @param first how long after the start
     * @param every the least time from the beginning of one pass to that of the next, whatever number of starts is between them
     */
    public record Schedule(Duration first, Duration every) {
        public static final Schedule USUAL = new Schedule(Duration.ofMinutes(5), Duration.ofDays(1));

        /** How long to wait at a start. A pass that is yet to begin, by a clock that was wrong or is, is none. */
        Duration atStart(Optional<Instant> last, Instant now) {
            return last.filter(begun -> !begun.isAfter(now))
                    .map(begun -> every.minus(Duration.between(begun, now)))
                    .filter(rest -> rest.compareTo(first) > 0)
                    .orElse(first);
        }
    }

    private final Inspector inspector;
    private final BlobStore blobs;
    private final Repair repair;
    private final Schedule schedule;
    private final ScrubNote note;
    private final Clock clock;
    private final Thread thread;

    /** One that has not begun. */
    public Scrub(Inspector inspector, BlobStore blobs, Repair repair, Schedule schedule, ScrubNote note, Clock clock) {
        this.inspector = inspector;
        this.blobs = blobs;
        this.repair = repair;
        this.schedule = schedule;
        this.note = note;
        this.clock = clock;
        this.thread = Daemons.named("scrub").newThread(this::run);
    }

    public void start() {
        thread.start();
    }

    private void run() {
        try {
            Duration wait = schedule.atStart(note.read(), clock.instant());
            TimeUnit.MILLISECONDS.sleep(wait.toMillis());
            while (true) {
                long begun = System.nanoTime();
                passed();
                long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
                long rest = schedule.every().toMillis() - took;
                TimeUnit.MILLISECONDS.sleep(Math.max(schedule.first().toMillis(), rest));
            }
        } catch (InterruptedException stopping) {
            LOG.debug("scrubbing stops");
        }
    }

    private void passed() throws InterruptedException {
        try {
            pass();
        } catch (RuntimeException e) {
            LOG.error("scrubbing", e);
        }
    }

    private void pass() throws InterruptedException {
        Instant begun = clock.instant();
        List<Problem> found = new ArrayList<>();
        Verifier verifier = new Verifier(inspector, found::add);
        verifier.lookAtRecords();
        repair(found);
        List<Digest> all = new ArrayList<>(verifier.blobs());
        // Where a server never runs for as long as a pass takes, none is left out for ever.
        Collections.shuffle(all);
        for (Digest blob : all) {
            verifier.lookAt(blob);
            repair(found);
        }
        note.write(begun);
        Verifier.Summary summary = verifier.summary();
        LOG.info(
                "scrub: {} manifests and {} blobs read, {} bytes",
                summary.manifests(),
                summary.blobs(),
                summary.bytes());
    }

    private void repair(List<Problem> found) throws InterruptedException {
        Set<Digest> missing = found.stream()
                .filter(Problem.MissingBlob.class::isInstance)
                .map(Problem.MissingBlob.class::cast)
                .map(Problem.MissingBlob::digest)
                .collect(Collectors.toSet());
        Set<Digest> wereHere = missing.isEmpty() ? Set.of() : blobs.wereHere(missing);
        found.removeIf(problem -> problem instanceof Problem.MissingBlob blob && !wereHere.contains(blob.digest()));
        if (found.isEmpty()) {
            return;
        }
        found.forEach(problem -> LOG.error("scrub: {}", problem));
        repair.repair(found, Scrub::tell);
        found.clear();
    }

    private static void tell(RepairOutcome outcome) {
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
