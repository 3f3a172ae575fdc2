package io.ociregistry.upstream;

import io.ociregistry.oci.RegistryException;
import java.time.Instant;
import java.util.Optional;

/**
 * The state of one source of a registry, according to the results of the requests to it so far.
 *
 * @param url the base URL of the source
 * @param isMirror false for the registry itself
 * @param refusal the error of a request that would be refused now, because the source is down or limits requests
 * @param problem the failure that the next request probably repeats, such as refused credentials or an unusable file
 * @param lastError the last failure; a 404 is none
 * @param lastSuccess the time of the last answer with content
 */
public record SourceState(
        String url,
        boolean isMirror,
        Optional<RegistryException> refusal,
        Optional<String> problem,
        Optional<Failure> lastError,
        Optional<Instant> lastSuccess) {
    public record Failure(String text, Instant time) {}
}
