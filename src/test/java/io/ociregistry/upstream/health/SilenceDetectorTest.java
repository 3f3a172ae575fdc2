package io.ociregistry.upstream.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.RegistryName;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.address.SourceAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SilenceDetectorTest {
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final ManualScheduler scheduler = new ManualScheduler();
    private final AtomicInteger canceled = new AtomicInteger();
    private final Breaker breaker = new Breaker(
            new SourceAddress(RegistryName.parse("r.example"), Origin.of(URI.create("https://r.example")), false),
            Breaker.ProbeSchedule.DEFAULT,
            scheduler,
            Runnable::run,
            pause -> false,
            () -> this.now);
    private Runnable duringProbe = () -> {};
    private int probes;
    private long now;
    private final SilenceDetector detector =
            new SilenceDetector(PATIENCE, breaker, scheduler, Runnable::run, this::probe, () -> this.now);

    private void probe() {
        probes++;
        pass(6);
        duringProbe.run();
    }

    @AfterEach
    void stop() {
        scheduler.shutdownNow();
    }

    @Test
    void silenceStartsAtOldestRequestOrLastSign() {
        assertEquals(Duration.ZERO, detector.silence());
        SilenceDetector.Wait first = startRequest();
        pass(2);
        SilenceDetector.Wait second = startRequest();
        pass(2);
        assertEquals(Duration.ofSeconds(4), detector.silence());
        detector.recordSignOfLife();
        pass(1);
        assertEquals(Duration.ofSeconds(1), detector.silence());
        first.end();
        second.end();
        assertEquals(Duration.ZERO, detector.silence(), "no request waits");
    }

    @Test
    void unansweredProbeOpensBreakerAndSignCancelsRequests() {
        SilenceDetector.Wait wait = startRequest();
        pass(3);
        scheduler.runNext();
        assertTrue(breaker.isOpen());
        assertEquals(0, canceled.get());
        detector.recordSignOfLife();
        assertEquals(1, canceled.get());
        assertTrue(wait.end());
        SilenceDetector.Wait later = startRequest();
        detector.recordSignOfLife();
        assertFalse(later.end());
    }

    @Test
    void signDuringTheProbeKeepsTheBreakerClosed() {
        duringProbe = detector::recordSignOfLife;
        SilenceDetector.Wait wait = startRequest();
        pass(3);
        scheduler.runNext();
        assertFalse(breaker.isOpen());
        assertFalse(wait.end());
        pass(3);
        scheduler.runNext();
        assertEquals(1, probes, "no request waits");
        assertEquals(0, scheduler.work.size());
    }

    @Test
    void upstreamThatAnswersIsNotProbed() {
        SilenceDetector.Wait wait = startRequest();
        pass(2);
        detector.recordSignOfLife();
        pass(1);
        scheduler.runNext();
        assertEquals(0, probes);
        assertEquals(Duration.ofSeconds(2), scheduler.delay);
        assertFalse(wait.end());
    }

    private SilenceDetector.Wait startRequest() {
        return detector.startWait(canceled::incrementAndGet);
    }

    private void pass(long seconds) {
        now += TimeUnit.SECONDS.toNanos(seconds);
    }

    /** A scheduler that runs its tasks only when the test asks for it. */
    private static final class ManualScheduler extends ScheduledThreadPoolExecutor {
        private final Deque<Runnable> work = new ArrayDeque<>();
        private Duration delay = Duration.ZERO;

        ManualScheduler() {
            super(1);
        }

        @Override
        public ScheduledFuture<?> schedule(Runnable command, long time, TimeUnit unit) {
            work.add(command);
            delay = Duration.of(time, unit.toChronoUnit());
            return super.schedule(command, 1, TimeUnit.DAYS);
        }

        void runNext() {
            work.remove().run();
        }
    }
}
