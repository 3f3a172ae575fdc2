package io.ociregistry.upstream.health;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.testing.LogLines;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.address.SourceAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BreakerTest {
    private static final Breaker.ProbeSchedule PACE =
            new Breaker.ProbeSchedule(Duration.ofSeconds(5), Duration.ofSeconds(15));

    private final ManualScheduler scheduler = new ManualScheduler();
    private boolean upstreamIsUp;
    private long now;
    private Executor threads = Runnable::run;
    private final Breaker breaker = breaker(PACE);

    private Breaker breaker(Breaker.ProbeSchedule probes) {
        SourceAddress source =
                new SourceAddress(RegistryName.parse("r.example"), Origin.of(URI.create("https://r.example")), false);
        return new Breaker(source, probes, scheduler, work -> threads.execute(work), pause -> upstreamIsUp, () -> now);
    }

    @AfterEach
    void stop() {
        scheduler.shutdownNow();
    }

    @Test
    void unreachableUpstreamOpensAtOnce() {
        breaker.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
        RegistryException rejected = assertThrows(RegistryException.class, breaker::check);
        assertEquals(ErrorCode.UPSTREAM_UNREACHABLE, rejected.code());
    }

    @Test
    void retryAfterIsTimeOfNextProbe() {
        now = Long.MAX_VALUE;
        breaker.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
        now += Duration.ofSeconds(2).toNanos();
        assertEquals(Duration.ofSeconds(3), retryAfter());
        now += Duration.ofSeconds(4).toNanos();
        assertEquals(Duration.ZERO, retryAfter(), "the probe is running");
        scheduler.runNext();
        assertEquals(Duration.ofSeconds(10), retryAfter());
    }

    @Test
    void requestedProbeIsSentAtOnce() {
        assertFalse(breaker.probeNow(), "it is closed");
        breaker.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
        assertTrue(breaker.probeNow());
        assertThrows(RegistryException.class, breaker::check);
        assertEquals(1, scheduler.waiting(), "the schedule continues after a probe without an answer");
        upstreamIsUp = true;
        assertTrue(breaker.probeNow());
        assertDoesNotThrow(breaker::check);
        assertEquals(0, scheduler.waiting());
    }

    @Test
    void requestedProbeIsNotSentTwice() {
        List<Runnable> sent = new ArrayList<>();
        threads = sent::add;
        breaker.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
        assertTrue(breaker.probeNow());
        assertTrue(breaker.probeNow());
        assertEquals(1, sent.size());
    }

    @Test
    void breakerOfReplacedUpstreamStaysClosed() {
        breaker.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
        breaker.disable();
        assertDoesNotThrow(breaker::check);
        assertEquals(0, scheduler.waiting());
        breaker.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
        assertDoesNotThrow(breaker::check);
        assertEquals(0, scheduler.waiting());
    }

    @Test
    void opensAfterThreeFailuresInARow() {
        breaker.recordFailure(failure(ErrorCode.UPSTREAM_BAD_ANSWER));
        breaker.recordAnswer(503);
        assertDoesNotThrow(breaker::check);
        breaker.recordFailure(failure(ErrorCode.UPSTREAM_TIMEOUT));
        assertThrows(RegistryException.class, breaker::check);
    }

    @Test
    void answerResetsFailureCount() {
        for (int i = 0; i < 4; i++) {
            breaker.recordFailure(failure(ErrorCode.UPSTREAM_BAD_ANSWER));
            breaker.recordAnswer(500);
            breaker.recordAnswer(404);
        }
        assertDoesNotThrow(breaker::check);
    }

    @Test
    void refusalsAndMissingContentNeverOpen() {
        for (int i = 0; i < 10; i++) {
            breaker.recordFailure(failure(ErrorCode.DENIED));
            breaker.recordAnswer(401);
            breaker.recordAnswer(403);
            breaker.recordAnswer(404);
            breaker.recordAnswer(429);
        }
        assertDoesNotThrow(breaker::check);
    }

    @Test
    void probesBackOffUntilOneIsAnswered() {
        breaker.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
        for (int i = 0; i < 4; i++) {
            scheduler.runNext();
            assertThrows(RegistryException.class, breaker::check);
        }
        assertEquals(List.of(5L, 10L, 15L, 15L, 15L), scheduler.delays);
        upstreamIsUp = true;
        scheduler.runNext();
        assertDoesNotThrow(breaker::check);
        assertEquals(0, scheduler.waiting(), "no probe of an upstream that is up");
    }

    @Test
    void answerToRequestCloses() {
        breaker.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
        breaker.recordAnswer(200);
        assertDoesNotThrow(breaker::check);
        assertEquals(0, scheduler.waiting());
    }

    @Test
    void repeatedOutagesHaveOneProbe() {
        for (int i = 0; i < 10; i++) {
            breaker.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
            breaker.recordAnswer(200);
        }
        breaker.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
        assertEquals(1, scheduler.waiting());
    }

    @Test
    void probeOfEndedOutageIsIgnored() {
        Queue<Runnable> handedOver = new ArrayDeque<>();
        threads = handedOver::add;
        breaker.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
        scheduler.runNext();
        breaker.recordAnswer(200);
        breaker.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
        handedOver.remove().run();
        assertEquals(1, scheduler.waiting());
        assertEquals(List.of(5L, 5L), scheduler.delays);
    }

    @Test
    void busyThreadsDelayProbe() {
        threads = work -> {
            throw new RejectedExecutionException();
        };
        breaker.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
        scheduler.runNext();
        assertEquals(List.of(5L, 10L), scheduler.delays);
    }

    @Test
    void requestReplacesProbeAfterProbingEnds() {
        Breaker unlisted = breaker(PACE.endingAfter(Duration.ofSeconds(30)));
        for (int i = 0; i < 2; i++) {
            unlisted.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
            for (int probes = 0; probes < 3; probes++) {
                assertThrows(RegistryException.class, unlisted::check);
                scheduler.runNext();
            }
            assertEquals(0, scheduler.waiting());
            assertDoesNotThrow(unlisted::check);
        }
        unlisted.recordFailure(failure(ErrorCode.UPSTREAM_TIMEOUT));
        assertThrows(RegistryException.class, unlisted::check, "one failure is enough");
        unlisted.recordAnswer(404);
        unlisted.recordFailure(failure(ErrorCode.UPSTREAM_TIMEOUT));
        assertDoesNotThrow(unlisted::check);
    }

    @Test
    void outageIsLoggedOnceAlsoIfProbingEnds() {
        Breaker unlisted = breaker(PACE.endingAfter(Duration.ofSeconds(30)));
        try (LogLines log = LogLines.of(Breaker.class.getName())) {
            for (int i = 0; i < 2; i++) {
                unlisted.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
                for (int probes = 0; probes < 3; probes++) {
                    scheduler.runNext();
                }
            }
            assertEquals(List.of("WARN registry r.example at https://r.example is down: test"), log.at("WARN"));
            unlisted.recordAnswer(200);
            assertTrue(log.text().endsWith("INFO registry r.example at https://r.example is back"), log.text());
            unlisted.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
            assertEquals(2, log.at("WARN").size(), "another outage");
        }
    }

    @Test
    void manyFailuresScheduleOneProbe() {
        for (int i = 0; i < 100; i++) {
            breaker.recordFailure(failure(ErrorCode.UPSTREAM_UNREACHABLE));
        }
        assertEquals(1, scheduler.waiting());
    }

    private Duration retryAfter() {
        return assertThrows(RegistryException.class, breaker::check)
                .retryAfter()
                .orElseThrow();
    }

    private static RegistryException failure(ErrorCode code) {
        return new RegistryException(code, "test");
    }

    /** A scheduler that runs its tasks only when the test asks for it. */
    private static final class ManualScheduler extends ScheduledThreadPoolExecutor {
        private final Map<ScheduledFuture<?>, Runnable> work = new LinkedHashMap<>();
        private final List<Long> delays = new ArrayList<>();

        ManualScheduler() {
            super(1);
        }

        @Override
        public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
            ScheduledFuture<?> future = super.schedule(command, 1, TimeUnit.DAYS);
            work.put(future, command);
            delays.add(unit.toSeconds(delay));
            return future;
        }

        int waiting() {
            work.keySet().removeIf(ScheduledFuture::isCancelled);
            return work.size();
        }

        void runNext() {
            assertTrue(waiting() > 0);
            Iterator<Runnable> next = work.values().iterator();
            Runnable command = next.next();
            next.remove();
            command.run();
        }
    }
}
