package io.ociregistry.web.send;

/** How one client keeps up with what is there for it. Times are those of {@link System#nanoTime}. */
final class ClientRate {
    private final MinimumRate least;

    // All below is guarded by "this".
    private boolean blocked;
    /** Up to where blocked time is in "waited". */
    private long counted;
    /** How long something was there that the client did not take, since the rule was last looked at and kept. */
    private long waited;

    private long taken;

    ClientRate(MinimumRate least) {
        this.least = least;
    }

    /** The client does not take what was offered last; does nothing if that is known. */
    synchronized void blocked(long now) {
        if (!blocked) {
            blocked = true;
            counted = now;
        }
    }

    /** The client has taken so much. */
    synchronized void took(long bytes, long now) {
        count(now);
        blocked = false;
        taken += bytes;
    }

    /** True if the client breaks the rule. */
    synchronized boolean isTooSlow(long now) {
        count(now);
        if (waited < least.time().toNanos()) {
            return false;
        }
        boolean tooSlow = taken < least.bytes();
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
