package io.ociregistry.common;

/** Receives the progress of a long task, from the thread of the task and often. Must return quickly. */
@FunctionalInterface
public interface ProgressListener {
    /** Ignores the progress. */
    ProgressListener NONE = (done, total) -> {};

    /**
     * Reports a step.
     *
     * @param total the expected end, which may grow
     */
    void progressed(long done, long total);
}
