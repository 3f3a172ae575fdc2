package io.ociregistry.common;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/** How pools of threads end. Who is interrupted while waiting for that stays interrupted, and waits no longer. */
public final class Pools {
    private Pools() {}

    /** Lets a pool end what it has begun, and interrupts what takes longer than that. Nothing new is begun. */
    public static void end(ExecutorService pool, Duration patience) {
        pool.shutdown();
        if (!hasEnded(pool, patience)) {
            pool.shutdownNow();
        }
    }

    /** Interrupts what a pool does, and waits so long for its end; false if that has not come. */
    public static boolean interrupt(ExecutorService pool, Duration patience) {
        pool.shutdownNow();
        return hasEnded(pool, patience);
    }

    private static boolean hasEnded(ExecutorService pool, Duration patience) {
        try {
            return pool.awaitTermination(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
