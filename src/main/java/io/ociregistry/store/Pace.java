package io.ociregistry.store;

/** How fast something that is in no hurry may read. */
@FunctionalInterface
public interface Pace {
    /** As fast as the disk can. */
    Pace UNBOUNDED = bytes -> {};

    /** So many bytes were read; returns when the next may be. */
    void took(long bytes) throws InterruptedException;
}
