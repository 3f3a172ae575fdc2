package io.ociregistry.store;

/** Limits the rate of background reads. */
@FunctionalInterface
public interface ReadThrottle {
    /** Does not limit the rate. */
    ReadThrottle UNBOUNDED = bytes -> {};

    /** Counts bytes that were read, and blocks until the next read may start. */
    void throttle(long bytes) throws InterruptedException;
}
