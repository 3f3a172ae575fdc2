package io.ociregistry.upstream;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers that an upstream is down, so that the next request for it costs nothing, and finds out by itself when it is back.
 *
 * <p>A failure of name resolution, connection or TLS opens it at once; broken connections, timeouts and 5xx open it when three come in a
 * row. Any answer closes it. While it is open a probe is sent in the background, after 5 seconds at first and then ever less often, up to
 * once a minute. What an upstream forbids or does not have says nothing about its health.
 */
final class Breaker {
    private static final Logger LOG = LoggerFactory.getLogger(Breaker.class);
    private static final int IN_A_ROW = 3;

    /** When probes are sent. */
    record Pace(Duration first, Duration longest) {
        static final Pace DEFAULT = new Pace(Duration.ofSeconds(5), Duration.ofSeconds(60));
    }

    private final Origin upstream;
    private final Pace pace;
    private final ScheduledExecutorService scheduler;
    private final BooleanSupplier probe;
    private final LongSupplier nanoTime;

    /** Written under the lock; read without it, since a stale look costs one request. */
    private volatile @Nullable RegistryException open;
    // Guarded by this.
    private int failures;
    private Duration nextProbe;
    private volatile long probedAt;

    /**
     * Closed at first.
     *
     * @param probe runs on the scheduler and tells whether there was an answer
     * @param nanoTime a clock that nobody sets, as {@link System#nanoTime()} is
     */
    Breaker(
            Origin upstream,
            Pace pace,
            ScheduledExecutorService scheduler,
            BooleanSupplier probe,
            LongSupplier nanoTime) {
        this.upstream = upstream;
        this.pace = pace;
        this.scheduler = scheduler;
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

    /** Nothing while a probe is under way. */
    private Duration untilProbe() {
        return Duration.ofNanos(Math.max(0, probedAt - nanoTime.getAsLong()));
    }

    /** The upstream answered, with whatever. */
    synchronized void answered(int status) {
        if (status >= 500) {
            failed(new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, "the status " + status));
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
        if (cause.code().isUpstreamFailure() && enough && open == null) {
            LOG.warn("{} is down: {}", upstream, cause.getMessage());
            nextProbe = pace.first();
            schedule();
            open = cause;
        }
    }

    private synchronized void close() {
        failures = 0;
        if (open != null) {
            open = null;
            LOG.warn("{} is back", upstream);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the probe tells its outcome by itself
    private synchronized void schedule() {
        probedAt = nanoTime.getAsLong() + nextProbe.toNanos();
        try {
            scheduler.schedule(this::probe, nextProbe.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException stopping) {
            return;
        }
        Duration doubled = nextProbe.multipliedBy(2);
        nextProbe = doubled.compareTo(pace.longest()) > 0 ? pace.longest() : doubled;
    }

    private void probe() {
        if (open == null) {
            return;
        }
        if (probe.getAsBoolean()) {
            close();
        } else {
            schedule();
        }
    }
}
