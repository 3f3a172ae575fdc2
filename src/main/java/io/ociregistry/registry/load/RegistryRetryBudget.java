package io.ociregistry.registry.load;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Decides how long a load retries requests to one registry.
 *
 * <p>Transient failures are retried as long as the registry makes progress for any image of the load. So a load over
 * a bad link continues, and a load over a dead link ends after one timeout for all its images together. Thread-safe.
 */
final class RegistryRetryBudget {
    private static final int ATTEMPTS = 60;
    private static final long MIN_PAUSE_MILLIS = 20;

    private final Duration timeout;
    private volatile long progressed = System.nanoTime();

    RegistryRetryBudget(Duration timeout) {
        this.timeout = timeout;
    }

    /** New bytes or an answer arrived. */
    void onProgress() {
        progressed = System.nanoTime();
    }

    /** True if the registry sent nothing for the whole timeout. */
    boolean isExhausted() {
        return left() <= 0;
    }

    /** Waits before the next attempt; returns false at once if a retry can't help or the budget is exhausted. */
    boolean awaitRetry(RegistryException failure) throws InterruptedException {
        long retryAfter = failure.retryAfter().map(Duration::toMillis).orElse(0L);
        if (!isTransient(failure.code()) || isExhausted() || retryAfter > left()) {
            return false;
        }
        long pause = Math.max(MIN_PAUSE_MILLIS, timeout.toMillis() / ATTEMPTS);
        TimeUnit.MILLISECONDS.sleep(Math.max(pause, retryAfter));
        return true;
    }

    /** True for failures that a retry may resolve, now or later. */
    static boolean isTransient(ErrorCode code) {
        return code.isUpstreamFailure() || code == ErrorCode.OVERLOADED || code == ErrorCode.TOO_MANY_REQUESTS;
    }

    private long left() {
        return timeout.toMillis() - (System.nanoTime() - progressed) / 1_000_000;
    }
}
