package io.ociregistry.faults;

import java.util.List;

/** What a client asks for. */
enum Asked {
    TAG("A manifest by tag"),
    DIGEST("A manifest by digest"),
    /** Clients ask for the manifest first; it is in the store. */
    BLOB("A blob"),
    BLOB_ALONE("A blob that no cached manifest names"),
    REFERRERS("Referrers");

    private final String words;

    Asked(String words) {
        this.words = words;
    }

    /** In which states it can be when a fault begins. */
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
