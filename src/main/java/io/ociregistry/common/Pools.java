package io.ociregistry.common;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Shuts down thread pools.
 *
 * <p>If the calling thread is interrupted while it waits, the method stops waiting and sets the interrupt flag again.
 */
public final class Pools {
    private Pools() {}

    /**
     * Accepts no new tasks, waits for the submitted ones, and interrupts those that still run after the timeout.
     */
    public static void shutdown(ExecutorService pool, Duration timeout) {
        pool.shutdown();
        if (!awaitTermination(pool, timeout)) {
            pool.shutdownNow();
        }
    }

    /** Interrupts all tasks and waits for the pool to terminate; returns false if it has not done so in time. */
    public static boolean shutdownNow(ExecutorService pool, Duration timeout) {
        pool.shutdownNow();
        return awaitTermination(pool, timeout);
    }

    private static boolean awaitTermination(ExecutorService pool, Duration timeout) {
        try {
            return pool.awaitTermination(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
