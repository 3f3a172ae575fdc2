package io.ociregistry.registry.load;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How long one registry is waited for: tried again after failures that can pass for as long as something comes from it, whichever image it belongs
 * to. So a load over a bad link goes on, one over a link that is gone ends, and does not wait for every image of a list anew.
 */
final class RegistryRetryBudget {
    private static final int TRIES = 60;
    private static final long SHORTEST_PAUSE_MILLIS = 20;

    private final Duration patience;
    private volatile long progressed = System.nanoTime();

    RegistryRetryBudget(Duration patience) {
        this.patience = patience;
    }

    /** Something new came. */
    void progressed() {
        progressed = System.nanoTime();
    }

    /** True if nothing came for so long that nothing is waited for any more. */
    boolean isOver() {
        return left() <= 0;
    }

    /** Waits before the next try; false at once if there is to be none. */
    boolean waitsAfter(RegistryException failure) throws InterruptedException {
        long least = failure.retryAfter().map(Duration::toMillis).orElse(0L);
        if (!canPass(failure.code()) || isOver() || least > left()) {
            return false;
        }
        long pause = Math.max(SHORTEST_PAUSE_MILLIS, patience.toMillis() / TRIES);
        TimeUnit.MILLISECONDS.sleep(Math.max(pause, least));
        return true;
    }

    /** True for what another try can mend, now or later. */
    static boolean canPass(ErrorCode code) {
        return code.isUpstreamFailure() || code == ErrorCode.OVERLOADED || code == ErrorCode.TOO_MANY_REQUESTS;
    }

    private long left() {
        return patience.toMillis() - (System.nanoTime() - progressed) / 1_000_000;
    }
}
