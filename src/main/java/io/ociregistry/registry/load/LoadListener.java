package io.ociregistry.registry.load;

/**
 * Hears how a load goes. Calls come from several threads, those of one image one after the other, and hold up the load for as long as they take.
 *
 * <p>Of every image there is exactly one {@link #ended}; of one that takes work there is a {@link #started} before. The last call is {@link
 * #finished}.
 */
public interface LoadListener {
    /** Something of that image has to be fetched, or read from a file. */
    default void started(String image) {}

    /**
     * So far so much of that image is here. Told about twice a second, if anything changed.
     *
     * @param bytes of its blobs that are here
     * @param total of all its blobs that are known by now; it grows while manifests come in
     */
    default void progressed(String image, long bytes, long total) {}

    /** It is over with that image. */
    default void ended(LoadOutcome outcome) {}

    /** Something that one has to know of what came in, though nothing failed. */
    default void noted(String note) {}

    /** It is over with all of them. */
    default void finished(LoadSummary summary) {}
}
