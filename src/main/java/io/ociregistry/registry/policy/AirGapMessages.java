package io.ociregistry.registry.policy;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.RegistryException;
import java.util.Optional;

/** The error texts of an air-gapped server ({@code airGapped}), which sends no request to an upstream. */
public final class AirGapMessages {
    /** The reason why a cached answer is not revalidated. */
    public static final String REASON = "this server is air-gapped";

    private AirGapMessages() {}

    /** Returns the error for a cached name whose upstream can't be asked. */
    public static RegistryException notRefreshed(ImageReference name) {
        return new RegistryException(
                ErrorCode.UNSUPPORTED,
                name + " was not refreshed, because " + REASON + "; its cached manifest is served as before");
    }

    /**
     * Returns the error for content that is not cached or not readable.
     *
     * @param subject the content with a verb, such as "the tags are"
     * @param unreadable the reason why cached content can't be read; empty if no content is cached
     */
    public static RegistryException notCached(ErrorCode code, String subject, Optional<String> unreadable) {
        if (unreadable.isPresent()) {
            return UnreadableContent.failure(subject + " not served, and " + REASON, unreadable.get());
        }
        return new RegistryException(code, subject + " not cached, and " + REASON + ", so it asks no upstream");
    }
}
