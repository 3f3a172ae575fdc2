package io.ociregistry.faults;

import java.util.List;

/** The kinds of request: the content that a client requests. */
enum RequestTarget {
    TAG("A manifest by tag"),
    DIGEST("A manifest by digest"),
    /** The client requested the manifest before, so it is in the store. */
    BLOB("A blob"),
    BLOB_ALONE("A blob without a cached manifest"),
    REFERRERS("Referrers");

    private final String words;

    RequestTarget(String words) {
        this.words = words;
    }

    /** Returns the states of the cache in which a fault can start. */
    List<State> states() {
        return this == BLOB ? List.of(State.values()) : List.of(State.COLD, State.CACHED);
    }

    boolean isBlob() {
        return this == BLOB || this == BLOB_ALONE;
    }

    @Override
    public String toString() {
        return words;
    }
}
