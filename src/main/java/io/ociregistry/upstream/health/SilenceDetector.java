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
 * Notices that an upstream is silent: it takes connections and requests, and nothing comes back.
 *
 * <p>Heads of answers and bytes of blobs are signs of life. When requests have waited for a sign as long as the patience, one probe is sent; if
 * the probe is not answered and no sign comes meanwhile, the {@link Breaker} opens. So a slow upstream is not taken for a silent one. With the
 * next sign of life the requests that were sent before the breaker opened are broken off, to be sent again. Thread-safe.
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
    /** Whether a look is scheduled, or a probe under way. Guarded by this. */
    private boolean watched;

    private volatile boolean silent;
    private volatile long lastSign;

    /**
     * Of an upstream that was not asked yet.
     *
     * @param scheduler hands the probe over to {@code threads}, and does nothing else
     * @param probe asks the upstream for a {@link #sign} of life; blocks
     * @param nanoTime a clock like {@link System#nanoTime()}
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

    /** A request that waits for the head of its answer. */
    public final class Wait {
        private final long since = nanoTime.getAsLong();
        private final Runnable breakOff;
        /** Guarded by the pulse. */
        private boolean brokenOff;

        private Wait(Runnable breakOff) {
            this.breakOff = breakOff;
        }

        /** Ends the wait. Returns true if the request was broken off and is to be sent again. */
        public boolean end() {
            synchronized (SilenceDetector.this) {
                waits.remove(this);
                return brokenOff;
            }
        }
    }

    /** A request is sent; {@code breakOff} ends it from another thread. The caller ends the wait. */
    synchronized Wait begin(Runnable breakOff) {
        Wait wait = new Wait(breakOff);
        waits.add(wait);
        if (!watched) {
            watched = true;
            lookAfter(patience);
        }
        return wait;
    }

    /** Something came from the upstream. */
    public void sign() {
        lastSign = nanoTime.getAsLong();
        if (silent) {
            sentIntoTheSilence().forEach(wait -> wait.breakOff.run());
        }
    }

    private synchronized List<Wait> sentIntoTheSilence() {
        if (!silent) {
            return List.of();
        }
        silent = false;
        waits.forEach(wait -> wait.brokenOff = true);
        return List.copyOf(waits);
    }

    /** How long requests have been waiting without any sign of life; zero if none waits. */
    public synchronized Duration silence() {
        if (waits.isEmpty()) {
            return Duration.ZERO;
        }
        long oldest = waits.iterator().next().since;
        long heard = lastSign;
        return Duration.ofNanos(nanoTime.getAsLong() - (heard - oldest > 0 ? heard : oldest));
    }

    /** True if the silence has lasted longer than a client waits that can be given a cached answer. */
    public boolean isSuspect() {
        return silence().compareTo(patience) >= 0;
    }

    /** Caller holds the lock. */
    private void lookAfter(Duration time) {
        try {
            Future<?> unused = scheduler.schedule(this::look, time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException stopping) {
            watched = false;
        }
    }

    private synchronized void look() {
        Duration left = patience.minus(silence());
        if (waits.isEmpty() || breaker.isOpen()) {
            watched = false;
        } else if (left.isNegative() || left.isZero()) {
            handOver();
        } else {
            lookAfter(left);
        }
    }

    /** Caller holds the lock. */
    private void handOver() {
        try {
            threads.execute(this::probe);
        } catch (RejectedExecutionException busy) {
            lookAfter(patience);
        }
    }

    private void probe() {
        long asked = nanoTime.getAsLong();
        probe.run();
        Duration lasted = silence();
        if (isStillSilent(asked)) {
            breaker.failed(new RegistryException(
                    ErrorCode.UPSTREAM_UNREACHABLE,
                    "no answer to requests and to a probe for " + lasted.toSeconds()
                            + " s, although it takes connections"));
        }
    }

    private synchronized boolean isStillSilent(long asked) {
        silent = lastSign - asked < 0 && !waits.isEmpty();
        watched = !silent;
        if (watched) {
            lookAfter(patience);
        }
        return silent;
    }
}
