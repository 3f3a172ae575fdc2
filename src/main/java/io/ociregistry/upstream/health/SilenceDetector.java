package io.ociregistry.upstream.health;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Detects a silent upstream, which accepts connections and requests but sends nothing. Thread-safe.
 *
 * <p>Response headers and bytes of blobs are signs of life. If requests have waited for {@code patience} without a sign
 * of life, one probe is sent. If the probe is not answered and no sign of life arrives, the {@link Breaker} opens. So a
 * slow upstream is not taken for a silent one. The next sign of life cancels the requests that were sent before the
 * breaker opened, and their senders send them again.
 */
public final class SilenceDetector {
    private final Duration patience;
    private final Breaker breaker;
    private final ScheduledExecutorService scheduler;
    private final Executor threads;
    private final Runnable probe;
    private final LongSupplier nanoTime;

    /** Oldest first. Guarded by this. */
    private final Set<Wait> waits = new LinkedHashSet<>();
    /** True while a check is scheduled or a probe runs. Guarded by this. */
    private boolean isWatching;

    private volatile boolean silent;
    private volatile long lastSign;

    /**
     * Creates the detector of an upstream.
     *
     * @param patience the time without a sign of life after which a probe is sent
     * @param scheduler only hands the probe over to {@code threads}
     * @param probe sends a request, whose answer is reported to {@link #recordSignOfLife}; blocks
     * @param nanoTime a monotonic clock such as {@link System#nanoTime()}
     */
    public SilenceDetector(
            Duration patience,
            Breaker breaker,
            ScheduledExecutorService scheduler,
            Executor threads,
            Runnable probe,
            LongSupplier nanoTime) {
        this.patience = patience;
        this.breaker = breaker;
        this.scheduler = scheduler;
        this.threads = threads;
        this.probe = probe;
        this.nanoTime = nanoTime;
        this.lastSign = nanoTime.getAsLong();
    }

    /** The wait of a request for the head of its answer. */
    public final class Wait {
        private final long since = nanoTime.getAsLong();
        private final Runnable cancel;
        /** Guarded by the detector. */
        private boolean canceled;

        private Wait(Runnable cancel) {
            this.cancel = cancel;
        }

        /** Ends the wait. Returns true if the request was canceled and must be sent again. */
        public boolean end() {
            synchronized (SilenceDetector.this) {
                waits.remove(this);
                return canceled;
            }
        }
    }

    /** Starts the wait of a request, which {@code cancel} ends from another thread. The caller ends the wait. */
    synchronized Wait startWait(Runnable cancel) {
        Wait wait = new Wait(cancel);
        waits.add(wait);
        if (!isWatching) {
            isWatching = true;
            checkAfter(patience);
        }
        return wait;
    }

    /** Records a sign of life of the upstream. */
    public void recordSignOfLife() {
        lastSign = nanoTime.getAsLong();
        if (silent) {
            endSilence().forEach(wait -> wait.cancel.run());
        }
    }

    /** Returns the requests to cancel. */
    private synchronized List<Wait> endSilence() {
        if (!silent) {
            return List.of();
        }
        silent = false;
        waits.forEach(wait -> wait.canceled = true);
        return List.copyOf(waits);
    }

    /** Returns how long requests have waited without any sign of life; zero if no request waits. */
    public synchronized Duration silence() {
        if (waits.isEmpty()) {
            return Duration.ZERO;
        }
        long oldest = waits.iterator().next().since;
        long sign = lastSign;
        return Duration.ofNanos(nanoTime.getAsLong() - (sign - oldest > 0 ? sign : oldest));
    }

    /** Returns true if the silence has lasted for {@code patience}, after which clients get stale content. */
    public boolean isSuspect() {
        return silence().compareTo(patience) >= 0;
    }

    /** Caller holds the lock. */
    private void checkAfter(Duration time) {
        try {
            Future<?> unused = scheduler.schedule(this::check, time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException stopping) {
            isWatching = false;
        }
    }

    private synchronized void check() {
        Duration left = patience.minus(silence());
        if (waits.isEmpty() || breaker.isOpen()) {
            isWatching = false;
        } else if (left.isNegative() || left.isZero()) {
            handOver();
        } else {
            checkAfter(left);
        }
    }

    /** Caller holds the lock. */
    private void handOver() {
        try {
            threads.execute(this::probe);
        } catch (RejectedExecutionException busy) {
            checkAfter(patience);
        }
    }

    private void probe() {
        long probeStart = nanoTime.getAsLong();
        probe.run();
        Duration duration = silence();
        if (isStillSilent(probeStart)) {
            breaker.recordFailure(new RegistryException(
                    ErrorCode.UPSTREAM_UNREACHABLE,
                    "it accepts connections, but has answered neither requests nor a probe for " + duration.toSeconds()
                            + " s"));
        }
    }

    private synchronized boolean isStillSilent(long probeStart) {
        silent = lastSign - probeStart < 0 && !waits.isEmpty();
        isWatching = !silent;
        if (isWatching) {
            checkAfter(patience);
        }
        return silent;
    }
}
