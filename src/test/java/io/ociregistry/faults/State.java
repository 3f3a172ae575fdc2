package io.ociregistry.faults;

/** What the server has when the fault begins. */
enum State {
    /** Not what is asked for. Of a blob it has the manifest that names it, since that is what clients ask for first. */
    COLD("not cached"),
    /** What is asked for; a tag has moved at the upstream since then. */
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
