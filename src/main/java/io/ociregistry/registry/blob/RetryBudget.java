package io.ociregistry.registry.blob;

import io.ociregistry.config.model.Timeouts;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Limits the retries of one transfer: pauses double from the first to the longest until pauses without progress use
 * up the budget.
 *
 * <p>Any progress refills the budget, but only {@value #RESET_BYTES} bytes of progress make pauses short again: a
 * connection that breaks every few bytes is neither given up nor flooded with requests. If the upstream asks for a
 * longer pause, that pause is made, unless it exceeds the budget.
 *
 * @param first the first pause
 * @param longest the longest pause
 * @param budget the sum of pauses without progress after which the transfer fails
 */
record RetryBudget(Duration first, Duration longest, Duration budget) {
    private static final int STALLS = 4;
    private static final long RESET_BYTES = 64 << 10;

    /** Returns the budget of a download: four stall timeouts. */
    static RetryBudget of(Timeouts timeouts) {
        return new RetryBudget(
                Duration.ofMillis(250), Duration.ofSeconds(10), timeouts.stall().multipliedBy(STALLS));
    }

    Attempts attempts() {
        return new Attempts();
    }

    /** The attempts of one transfer; used by one thread. */
    final class Attempts {
        private long next = first.toMillis();
        private long waited;

        /** Notes the bytes that the last attempt received. */
        void progressed(long bytes) {
            if (bytes > 0) {
                waited = 0;
            }
            if (bytes >= RESET_BYTES) {
                next = first.toMillis();
            }
        }

        /**
         * Waits before the next attempt.
         *
         * @param retryAfter the pause that the upstream asked for
         * @return false if the budget is used up, or if this thread was interrupted because the program stops
         */
        boolean pause(Optional<Duration> retryAfter) {
            Duration minimum = retryAfter.orElse(Duration.ZERO);
            if (waited >= budget.toMillis() || minimum.compareTo(budget) > 0) {
                return false;
            }
            long millis = Math.max(next, minimum.toMillis());
            next = Math.min(longest.toMillis(), 2 * next);
            waited += millis;
            try {
                TimeUnit.MILLISECONDS.sleep(millis);
                return true;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
    }
}
