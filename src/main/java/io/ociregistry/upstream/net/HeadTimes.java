package io.ociregistry.upstream.net;

import java.time.Duration;

/**
 * How long the heads of recent answers took. Twice the slowest of them is enough patience on a kept connection, so that a slow upstream does
 * not get each request twice; a slow answer counts less with each one that follows. Thread-safe.
 */
final class HeadTimes {
    private static final int FADING = 8;

    private final Duration least;
    private Duration slowest = Duration.ZERO;

    /** Of an upstream that has not answered yet; the patience is never shorter than {@code least}. */
    HeadTimes(Duration least) {
        this.least = least;
    }

    synchronized void took(Duration time) {
        Duration faded = slowest.minus(slowest.dividedBy(FADING));
        slowest = time.compareTo(faded) > 0 ? time : faded;
    }

    /** How long to wait for the head of an answer on a kept connection, {@code atMost} in any case. */
    synchronized Duration patience(Duration atMost) {
        Duration twice = slowest.multipliedBy(2);
        Duration wanted = twice.compareTo(least) > 0 ? twice : least;
        return wanted.compareTo(atMost) < 0 ? wanted : atMost;
    }
}
