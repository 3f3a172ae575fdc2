package io.ociregistry.upstream;

/** Who waits for what an upstream is asked for; the first goes before the last. */
public enum Priority {
    /** A client that has nothing yet. */
    CLIENT,
    /** A client that can be served something older. */
    REFRESH,
    /** Nobody yet. */
    PREFETCH
}
