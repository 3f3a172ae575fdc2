package io.ociregistry.upstream.health;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.address.Origin;
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

/**
 * Remembers that an upstream is down, so that the next request for it costs nothing, and finds out by itself when it is back.
 *
 * <p>A failure of name resolution, connection or TLS opens it at once, and so does silence ({@link SilenceDetector}); broken connections, timeouts and 5xx
 * open it when three come in a row. Any answer closes it. While it is open a probe is sent in the background, after 5 seconds at first and then ever less often, up to
 * once a minute. Where probing ends after a while, the next request takes its place: it is let through, and if it fails, that opens it again.
 * What an upstream forbids or does not have says nothing about its health.
 */
public final class Breaker {
    private static final Logger LOG = LoggerFactory.getLogger(Breaker.class);
    private static final int IN_A_ROW = 3;

    /** When probes are sent, and for how long that goes on. */
    public record Pace(Duration first, Duration longest, Duration span) {
        public static final Pace DEFAULT = new Pace(Duration.ofSeconds(5), Duration.ofSeconds(60));

        /** That goes on until there is an answer. */
        public Pace(Duration first, Duration longest) {
            this(first, longest, ChronoUnit.FOREVER.getDuration());
        }

        public Pace endingAfter(Duration time) {
            return new Pace(first, longest, time);
        }
    }

    private final Origin upstream;
    private final Pace pace;
    private final ScheduledExecutorService scheduler;
    private final Executor threads;
    private final Predicate<Duration> probe;
    private final LongSupplier nanoTime;

    /** Written under the lock; read without it, since a stale look costs one request. */
    private volatile @Nullable RegistryException open;
    // Guarded by this.
    private int failures;
    private Duration nextProbe;
    private Duration probed = Duration.ZERO;
    private @Nullable Future<?> scheduled;
    private boolean retired;
    private volatile long probedAt;

    /**
     * Closed at first.
     *
     * @param scheduler hands the probe over to {@code threads} when it is due, and does nothing else, since all upstreams share it
     * @param probe tells whether there was an answer; blocks. It is given the pause before it: the longer that was, the longer it may take
     * @param nanoTime a clock that nobody sets, as {@link System#nanoTime()} is
     */
    public Breaker(
            Origin upstream,
            Pace pace,
            ScheduledExecutorService scheduler,
            Executor threads,
            Predicate<Duration> probe,
            LongSupplier nanoTime) {
        this.upstream = upstream;
        this.pace = pace;
        this.scheduler = scheduler;
        this.threads = threads;
        this.probe = probe;
        this.nanoTime = nanoTime;
        this.nextProbe = pace.first();
    }

    /**
     * Does nothing unless it is open.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_UNREACHABLE} with what opened it, to be tried again after the next probe
     */
    void check() {
        RegistryException cause = open;
        if (cause != null) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_UNREACHABLE,
                    upstream + " is down, and is asked again once it answers a probe; it began with "
                            + cause.getMessage(),
                    cause,
                    untilProbe());
        }
    }

    boolean isOpen() {
        return open != null;
    }

    /** Nothing while a probe is under way. */
    private Duration untilProbe() {
        return Duration.ofNanos(Math.max(0, probedAt - nanoTime.getAsLong()));
    }

    /** The upstream answered, with whatever. */
    synchronized void answered(int status) {
        if (status >= 500) {
            failed(new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, "it answered " + status));
            return;
        }
        if (failures > 0 || open != null) {
            close();
        }
    }

    /** A request got no answer from it. */
    synchronized void failed(RegistryException cause) {
        failures++;
        boolean enough = cause.code() == ErrorCode.UPSTREAM_UNREACHABLE || failures >= IN_A_ROW;
        if (cause.code().isUpstreamFailure() && enough && open == null && !retired) {
            LOG.warn("{} is down: {}", upstream, cause.getMessage());
            nextProbe = pace.first();
            probed = Duration.ZERO;
            schedule(cause);
            open = cause;
        }
    }

    /** Stays closed from now on, and probes no more: who is still asking finds out by that. */
    public synchronized void retire() {
        retired = true;
        end();
    }

    private synchronized void close() {
        failures = 0;
        if (open != null) {
            end();
            LOG.warn("{} is back", upstream);
        }
    }

    /** Caller holds the lock. */
    private void end() {
        open = null;
        if (scheduled != null) {
            scheduled.cancel(false);
            scheduled = null;
        }
    }

    /** Caller holds the lock. */
    private void schedule(RegistryException outage) {
        Duration pause = nextProbe;
        probedAt = nanoTime.getAsLong() + pause.toNanos();
        try {
            scheduled = scheduler.schedule(() -> handOver(outage, pause), pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException stopping) {
            return;
        }
        probed = probed.plus(pause);
        Duration doubled = pause.multipliedBy(2);
        nextProbe = doubled.compareTo(pace.longest()) > 0 ? pace.longest() : doubled;
    }

    private void handOver(RegistryException outage, Duration pause) {
        try {
            threads.execute(() -> probe(outage, pause));
        } catch (RejectedExecutionException busy) {
            unanswered(outage);
        }
    }

    private void probe(RegistryException outage, Duration pause) {
        if (!isOn(outage)) {
            return;
        }
        if (probe.test(pause)) {
            close();
        } else {
            unanswered(outage);
        }
    }

    /** Under the lock, since it is due at once where the pace is that fast. */
    private synchronized boolean isOn(RegistryException outage) {
        return open == outage;
    }

    /** Unless that outage is over, and any other has probes of its own. */
    private synchronized void unanswered(RegistryException outage) {
        if (open != outage) {
            return;
        }
        if (probed.compareTo(pace.span()) < 0) {
            schedule(outage);
        } else {
            LOG.info("{} is still down, and is not probed any more; the next request finds out", upstream);
            failures = IN_A_ROW;
            end();
        }
    }
}
