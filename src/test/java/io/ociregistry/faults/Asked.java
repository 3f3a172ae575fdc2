package io.ociregistry.faults;

/** What a client asks for. */
enum Asked {
    TAG("A manifest by tag, of policy `always`"),
    DIGEST("A manifest by digest"),
    BLOB("A blob");

    private final String words;

    Asked(String words) {
        this.words = words;
    }

    @Override
    public String toString() {
        return words;
    }
}
