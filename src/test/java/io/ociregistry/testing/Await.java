package io.ociregistry.testing;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** Waits for an effect of another thread that has no notification; fails after a timeout. */
public final class Await {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** The pause between two checks, which leaves the processor to the awaited thread. */
    private static final Duration PAUSE = Duration.ofMillis(1);

    private Await() {}

    /** Returns as soon as the condition is true. */
    public static void until(String what, Callable<Boolean> condition) throws Exception {
        until(what, condition, reached -> reached);
    }

    /** Returns the first value that meets the condition. */
    public static <T> T until(String what, Callable<T> value, Predicate<T> condition) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        T last = value.call();
        while (!condition.test(last)) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within " + PATIENCE.toSeconds() + " s: " + what + ", but: " + last);
            }
            LockSupport.parkNanos(PAUSE.toNanos());
            last = value.call();
        }
        return last;
    }
}
