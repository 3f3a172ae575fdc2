package io.ociregistry.web.send;

/**
 * Measures whether one client reads at the {@link MinimumRate}. Thread-safe. Times are those of {@link
 * System#nanoTime}.
 */
public final class ClientRate {
    private final MinimumRate minimum;

    // Fields below are guarded by "this".
    private boolean blocked;
    /** The time up to which "waited" is counted. */
    private long counted;
    /** The time for which bytes were available and the client did not read, since the current period started. */
    private long waited;

    private long taken;

    ClientRate(MinimumRate minimum) {
        this.minimum = minimum;
    }

    /** Records that the client does not accept the last write; does nothing if that is recorded already. */
    public synchronized void blocked(long now) {
        if (!blocked) {
            blocked = true;
            counted = now;
        }
    }

    /** Records that the client has accepted bytes. */
    public synchronized void accepted(long bytes, long now) {
        count(now);
        blocked = false;
        taken += bytes;
    }

    /** Returns true if a period is over in which the client read less than the minimum. */
    public synchronized boolean isTooSlow(long now) {
        count(now);
        if (waited < minimum.period().toNanos()) {
            return false;
        }
        boolean tooSlow = taken < minimum.bytes();
        waited = 0;
        taken = 0;
        return tooSlow;
    }

    /** Caller holds the lock. */
    private void count(long now) {
        if (blocked) {
            waited += now - counted;
            counted = now;
        }
    }
}
