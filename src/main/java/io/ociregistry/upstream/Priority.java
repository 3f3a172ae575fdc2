package io.ociregistry.upstream;

/** How urgent a request to an upstream is, most urgent first. */
public enum Priority {
    /** A client waits and has received nothing yet. */
    CLIENT,
    /** A client waits that can be served a stale copy. */
    REFRESH,
    /** No client waits yet. */
    PREFETCH
}
