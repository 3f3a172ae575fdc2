package io.ociregistry.faults;

/** What a client asks for. */
enum Asked {
    TAG("a manifest by tag"),
    DIGEST("a manifest by digest"),
    BLOB("a blob");

    private final String words;

    Asked(String words) {
        this.words = words;
    }

    @Override
    public String toString() {
        return words;
    }
}
