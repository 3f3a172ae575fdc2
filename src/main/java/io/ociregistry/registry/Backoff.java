package io.ociregistry.registry;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How patiently something is tried again: pauses that double from the first to the longest, and an end after so many in a row without
 * progress.
 */
record Backoff(Duration first, Duration longest, int tries) {
    static final Backoff DEFAULT = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(10), 6);

    Attempts attempts() {
        return new Attempts();
    }

    /** The tries of one piece of work, by one thread. */
    final class Attempts {
        private int failed;

        /** The last try got somewhere, or did not; who gets somewhere is patient from the start again. */
        void progressed(boolean got) {
            if (got) {
                failed = 0;
            }
        }

        /** Waits before the next try; false if there is none, or if this program is stopping. */
        boolean pause() {
            if (failed >= tries) {
                return false;
            }
            long millis = Math.min(longest.toMillis(), first.toMillis() << failed);
            failed++;
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
