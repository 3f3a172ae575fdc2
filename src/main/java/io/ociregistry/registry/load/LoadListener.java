package io.ociregistry.registry.load;

/**
 * Receives the events of a load.
 *
 * <p>Several threads call it; the calls for one image are sequential. A slow listener delays the load. Each image gets
 * exactly one {@link #ended}, and before it a {@link #started} if content has to be fetched. The last call is
 * {@link #finished}.
 */
public interface LoadListener {
    /** Images were found in a list or in an archive; each of them gets an {@link #ended}. */
    default void found(int images) {}

    /** Content of the image has to be fetched, or read from a file. */
    default void started(String image) {}

    /**
     * Reports the progress of an image, about twice a second if it changed.
     *
     * @param bytes the cached bytes of its blobs
     * @param received those of them that this load received; the others were cached before, or left by an earlier load
     * @param total the bytes of all its blobs that are known so far; it grows while manifests are fetched
     */
    default void progressed(String image, long bytes, long received, long total) {}

    /** The load of an image has ended. */
    default void ended(LoadOutcome outcome) {}

    /** A note for the operator about loaded content, although nothing failed. */
    default void noted(String note) {}

    /** The whole load has ended. */
    default void finished(LoadSummary summary) {}
}
