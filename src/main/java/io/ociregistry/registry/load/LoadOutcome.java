package io.ociregistry.registry.load;

import java.time.Duration;

/** How it went with one image of a load. */
public sealed interface LoadOutcome {
    /** What the image is called: the name it was listed by, or for what is no name the place where it stands. */
    String image();

    /**
     * It is here now.
     *
     * @param bytes what had to be fetched for it, manifests not counted
     */
    record Loaded(String image, long bytes, Duration took) implements LoadOutcome {}

    /** It was here already, as far as it was asked for. */
    record AlreadyThere(String image) implements LoadOutcome {}

    /**
     * It is not here, or not all of it. What was fetched of it stays.
     *
     * @param canPass whether trying again later can help, as it does with a link that is gone
     */
    record Failed(String image, String reason, boolean canPass) implements LoadOutcome {}
}
