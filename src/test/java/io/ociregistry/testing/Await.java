package io.ociregistry.testing;

import java.time.Duration;
import java.util.concurrent.Callable;

/** Waits for what another thread brings about and tells nobody of; fails if it does not come. */
public final class Await {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private Await() {}

    /** Returns once the condition holds. */
    public static void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within " + PATIENCE.toSeconds() + " s: " + what);
            }
            Thread.onSpinWait();
        }
    }
}
