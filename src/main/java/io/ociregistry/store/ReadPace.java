package io.ociregistry.store;

/** Limits the rate of background reads. */
@FunctionalInterface
public interface ReadPace {
    /** Does not limit the rate. */
    ReadPace UNBOUNDED = bytes -> {};

    /** Counts bytes that were read, and blocks until the next read may start. */
    void took(long bytes) throws InterruptedException;
}
