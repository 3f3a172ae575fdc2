package io.ociregistry.registry.load;

import java.time.Duration;

/** The outcome of one image of a load. */
public sealed interface LoadOutcome {
    /** The listed name of the image, or for a malformed line its file and line number. */
    String image();

    /**
     * The image was loaded.
     *
     * @param bytes the bytes that were received for it, without those that an earlier load left
     */
    record Loaded(String image, long bytes, Duration took) implements LoadOutcome {}

    /** The selected parts of the image were cached already. */
    record AlreadyCached(String image) implements LoadOutcome {}

    /**
     * The image is missing or incomplete. Parts that were fetched stay in the cache.
     *
     * @param isTransient whether a later retry may succeed, as it does after a network failure
     */
    record Failed(String image, String reason, boolean isTransient) implements LoadOutcome {}
}
