package io.ociregistry.upstream.health;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.address.SourceAddress;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Circuit breaker of one upstream: rejects requests while the upstream is down, and probes it. Thread-safe.
 *
 * <ul>
 *   <li>A failure of name resolution, connection or TLS opens the breaker at once, and so does silence
 *       ({@link SilenceDetector}). Three broken connections, timeouts or 5xx answers in a row open it too.
 *   <li>Any other answer closes it, including 401, 403 and 404.
 *   <li>While it is open, a probe is sent in the background: by default the first after 5 seconds, and further ones at
 *       growing intervals of up to a minute.
 *   <li>If the schedule of probes ends, the breaker closes, and the next failure opens it again.
 * </ul>
 */
public final class Breaker {
    private static final Logger LOG = LoggerFactory.getLogger(Breaker.class);
    private static final int FAILURES_TO_OPEN = 3;

    /**
     * The schedule of probes.
     *
     * @param firstDelay the delay of the first probe
     * @param maxDelay the longest delay between probes
     * @param maxDuration the time after which probing ends
     */
    public record ProbeSchedule(Duration firstDelay, Duration maxDelay, Duration maxDuration) {
        public static final ProbeSchedule DEFAULT = new ProbeSchedule(Duration.ofSeconds(5), Duration.ofSeconds(60));

        /** Creates a schedule that ends only with an answer. */
        public ProbeSchedule(Duration first, Duration longest) {
            this(first, longest, ChronoUnit.FOREVER.getDuration());
        }

        /** Returns the same schedule, which ends after that time. */
        public ProbeSchedule endingAfter(Duration time) {
            return new ProbeSchedule(firstDelay, maxDelay, time);
        }
    }

    private final SourceAddress upstream;
    private final ProbeSchedule probes;
    private final ScheduledExecutorService scheduler;
    private final Executor threads;
    private final Predicate<Duration> probe;
    private final LongSupplier nanoTime;

    /** The failure that opened the breaker. Written under the lock; a stale read costs only one request. */
    private volatile @Nullable RegistryException outage;
    // Guarded by this.
    /** True from the first failure of an outage until an answer, also while probing has ended. */
    private boolean isLogged;

    private int failures;
    private Duration nextDelay;
    private Duration probingTime = Duration.ZERO;
    private @Nullable Future<?> scheduled;
    private boolean disabled;
    private volatile long nextProbeNanos;

    /**
     * Creates a closed breaker.
     *
     * @param scheduler only hands each probe over to {@code threads}, because all upstreams share it
     * @param probe returns whether the upstream answered; blocks. Its argument is the delay before the probe: the
     *     longer the delay, the longer the probe may take
     * @param nanoTime a monotonic clock such as {@link System#nanoTime()}
     */
    public Breaker(
            SourceAddress upstream,
            ProbeSchedule probes,
            ScheduledExecutorService scheduler,
            Executor threads,
            Predicate<Duration> probe,
            LongSupplier nanoTime) {
        this.upstream = upstream;
        this.probes = probes;
        this.scheduler = scheduler;
        this.threads = threads;
        this.probe = probe;
        this.nanoTime = nanoTime;
        this.nextDelay = probes.firstDelay();
    }

    /**
     * Throws while the breaker is open.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_UNREACHABLE} with the failure that opened the breaker, and
     *     the time until the next probe, after which to retry
     */
    void check() {
        RegistryException cause = outage;
        if (cause != null) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_UNREACHABLE,
                    upstream + " is down, and is not asked before it answers a probe; the first failure was: "
                            + cause.getMessage(),
                    cause,
                    untilProbe());
        }
    }

    boolean isOpen() {
        return outage != null;
    }

    /** Returns the time until the next probe; zero while a probe runs. */
    private Duration untilProbe() {
        return Duration.ofNanos(Math.max(0, nextProbeNanos - nanoTime.getAsLong()));
    }

    /** Records an answer of the upstream. */
    synchronized void recordAnswer(int status) {
        if (status >= 500) {
            recordFailure(new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, "it answered " + status));
            return;
        }
        if (failures > 0 || isLogged) {
            close();
        }
    }

    /** Records a request that got no answer from the upstream. */
    synchronized void recordFailure(RegistryException cause) {
        failures++;
        boolean isEnough = cause.code() == ErrorCode.UPSTREAM_UNREACHABLE || failures >= FAILURES_TO_OPEN;
        if (cause.code().isUpstreamFailure() && isEnough && outage == null && !disabled) {
            LOG.atLevel(isLogged ? Level.DEBUG : Level.WARN).log("{} is down: {}", upstream, cause.getMessage());
            isLogged = true;
            nextDelay = probes.firstDelay();
            probingTime = Duration.ZERO;
            schedule(cause);
            outage = cause;
        }
    }

    /** Keeps the breaker closed from now on and stops probes; remaining requests are sent to the upstream. */
    public synchronized void disable() {
        disabled = true;
        endOutage();
    }

    private synchronized void close() {
        failures = 0;
        endOutage();
        if (isLogged) {
            isLogged = false;
            LOG.info("{} is back", upstream);
        }
    }

    /** Caller holds the lock. */
    private void endOutage() {
        outage = null;
        if (scheduled != null) {
            scheduled.cancel(false);
            scheduled = null;
        }
    }

    /** Caller holds the lock. */
    private void schedule(RegistryException cause) {
        Duration pause = nextDelay;
        nextProbeNanos = nanoTime.getAsLong() + pause.toNanos();
        try {
            scheduled = scheduler.schedule(() -> handOver(cause, pause), pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException stopping) {
            return;
        }
        probingTime = probingTime.plus(pause);
        Duration doubled = pause.multipliedBy(2);
        nextDelay = doubled.compareTo(probes.maxDelay()) > 0 ? probes.maxDelay() : doubled;
    }

    /**
     * Sends the next probe now, if the breaker is open and no probe is running.
     *
     * @return false if the breaker is closed
     */
    public synchronized boolean probeNow() {
        RegistryException cause = outage;
        if (cause == null) {
            return false;
        }
        if (scheduled != null && scheduled.cancel(false)) {
            scheduled = null;
            nextProbeNanos = nanoTime.getAsLong();
            handOver(cause, nextDelay);
        }
        return true;
    }

    private void handOver(RegistryException cause, Duration pause) {
        try {
            threads.execute(() -> probe(cause, pause));
        } catch (RejectedExecutionException busy) {
            unanswered(cause);
        }
    }

    private void probe(RegistryException cause, Duration pause) {
        if (!isCurrent(cause)) {
            return;
        }
        if (probe.test(pause)) {
            close();
        } else {
            unanswered(cause);
        }
    }

    /** Locked, because a very early probe may run before {@link #recordFailure} has set the outage. */
    private synchronized boolean isCurrent(RegistryException cause) {
        return outage == cause;
    }

    /** Schedules the next probe, unless that outage is over; another outage has probes of its own. */
    private synchronized void unanswered(RegistryException cause) {
        if (outage != cause) {
            return;
        }
        if (probingTime.compareTo(probes.maxDuration()) < 0) {
            schedule(cause);
        } else {
            LOG.info("{} is still down; probing ended, and the next request is sent to it again", upstream);
            failures = FAILURES_TO_OPEN;
            endOutage();
        }
    }
}
