package io.ociregistry.faults;

/** What the server has when the fault begins. */
enum State {
    /** Not what is asked for. */
    COLD("not cached"),
    /** A part of the blob that is asked for, which is still arriving; the fault hits the next try to go on. */
    AMID("of which a part has arrived"),
    /**
     * What is asked for; what can change, as a tag and a list of referrers, has changed at the upstream since, and is
     * to be looked at again.
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
