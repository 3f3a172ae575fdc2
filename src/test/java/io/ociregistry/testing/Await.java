package io.ociregistry.testing;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for an effect of another thread that has no notification; fails after a timeout. */
public final class Await {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** The pause between two checks, which leaves the processor to the awaited thread. */
    private static final Duration PAUSE = Duration.ofMillis(1);

    private Await() {}

    /** Returns as soon as the condition is true. */
    public static void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within " + PATIENCE.toSeconds() + " s: " + what);
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }
}
