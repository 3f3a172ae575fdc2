package io.ociregistry.registry.policy;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.util.Optional;

/** How a server that calls no upstream ({@code airGapped}) tells of that. */
public final class AirGapMessages {
    /** Why a cached answer is not confirmed. */
    public static final String REASON = "this server is air-gapped";

    private AirGapMessages() {}

    /**
     * What it has not, it does not look for.
     *
     * @param whatIs the subject of the message with its verb, like "the tags are"
     * @param unreadable why it may be cached and can't be read; empty if it is not cached
     */
    public static RegistryException notCached(ErrorCode code, String whatIs, Optional<String> unreadable) {
        if (unreadable.isPresent()) {
            return UnreadableContent.failure(whatIs + " not served, and " + REASON, unreadable.get());
        }
        return new RegistryException(code, whatIs + " not cached, and " + REASON + ", so it asks no upstream");
    }
}
