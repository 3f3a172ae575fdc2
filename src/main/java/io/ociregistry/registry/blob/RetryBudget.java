package io.ociregistry.registry.blob;

import io.ociregistry.config.model.Timeouts;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * How patiently something is tried again: pauses that double from the first to the longest, and an end once pauses without any progress add up
 * to the patience.
 *
 * <p>Little progress is progress, but no reason to hurry: only who got {@link #WORTH} further begins with short pauses again. So a link that
 * breaks every few bytes is neither given up nor overrun. Who is told to wait longer waits as long as told, unless that is beyond the patience.
 */
record RetryBudget(Duration first, Duration longest, Duration patience) {
    private static final int STALLS = 4;
    private static final long WORTH = 64 << 10;

    /** The one for transfers: as patient as four of them that stand still. */
    static RetryBudget of(Timeouts timeouts) {
        return new RetryBudget(
                Duration.ofMillis(250), Duration.ofSeconds(10), timeouts.stall().multipliedBy(STALLS));
    }

    Attempts attempts() {
        return new Attempts();
    }

    /** The tries of one piece of work, by one thread. */
    final class Attempts {
        private long next = first.toMillis();
        private long waited;

        /** The last try got so many bytes further. */
        void progressed(long bytes) {
            if (bytes > 0) {
                waited = 0;
            }
            if (bytes >= WORTH) {
                next = first.toMillis();
            }
        }

        /**
         * Waits before the next try; false if there is none, or if this program is stopping.
         *
         * @param told how long the upstream wants to be left alone
         */
        boolean pause(Optional<Duration> told) {
            Duration least = told.orElse(Duration.ZERO);
            if (waited >= patience.toMillis() || least.compareTo(patience) > 0) {
                return false;
            }
            long millis = Math.max(next, least.toMillis());
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
