package io.ociregistry.faults;

/** The state of the cache when the fault starts. */
enum State {
    /** The requested content is not cached. */
    COLD("not cached"),
    /** A part of the requested blob has arrived; the fault meets the next attempt to resume. */
    AMID("partly downloaded"),
    /**
     * The requested content is cached. Tags and lists of referrers have changed at the upstream since then, and are due
     * for revalidation.
     */
    CACHED("cached");

    private final String words;

    State(String words) {
        this.words = words;
    }

    @Override
    public String toString() {
        return words;
    }
}
