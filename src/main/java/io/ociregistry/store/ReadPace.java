package io.ociregistry.store;

/** How fast something that is in no hurry may read. */
@FunctionalInterface
public interface ReadPace {
    /** As fast as the disk can. */
    ReadPace UNBOUNDED = bytes -> {};

    /** So many bytes were read; returns when the next may be. */
    void took(long bytes) throws InterruptedException;
}
