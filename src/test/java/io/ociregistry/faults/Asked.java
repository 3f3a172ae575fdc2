package io.ociregistry.faults;

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

    boolean isBlob() {
        return this == BLOB || this == BLOB_ALONE;
    }

    @Override
    public String toString() {
        return words;
    }
}
