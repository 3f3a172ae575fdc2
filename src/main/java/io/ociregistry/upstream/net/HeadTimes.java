package io.ociregistry.upstream.net;

import java.time.Duration;

/**
 * Times from request to response headers of recent answers. They give the timeout for kept connections: twice the
 * slowest recent time, so that a request to a slow upstream is not sent twice.
 *
 * <p>A slow answer counts less with each answer that follows. Thread-safe.
 */
final class HeadTimes {
    private static final int DECAY = 8;

    private final Duration minimum;
    private Duration slowest = Duration.ZERO;

    /**
     * Starts without any times.
     *
     * @param minimum the minimum of the timeout
     */
    HeadTimes(Duration minimum) {
        this.minimum = minimum;
    }

    synchronized void add(Duration time) {
        Duration decayed = slowest.minus(slowest.dividedBy(DECAY));
        slowest = time.compareTo(decayed) > 0 ? time : decayed;
    }

    /** Returns how long a request on a kept connection waits for the response headers, at most {@code atMost}. */
    synchronized Duration timeout(Duration atMost) {
        Duration twice = slowest.multipliedBy(2);
        Duration wanted = twice.compareTo(minimum) > 0 ? twice : minimum;
        return wanted.compareTo(atMost) < 0 ? wanted : atMost;
    }
}
