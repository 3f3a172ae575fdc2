package io.ociregistry.upstream;

import io.ociregistry.oci.RegistryException;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The state of one source of a registry, according to the results of the requests to it so far.
 *
 * @param url the base URL of the source
 * @param isMirror false for the registry itself
 * @param refusal the error of a request that would be refused now, because the source is down or limits requests
 * @param problem the failure that the next request probably repeats, such as refused credentials or an unusable file
 * @param lastError the last failure; a 404 is none
 * @param lastSuccess the time of the last answer with content
 * @param refusesCredentials whether the source refused the configured credentials, and none since succeeded
 * @param remaining the number of requests that the source says remain; empty if it does not say
 */
public record SourceState(
        String url,
        boolean isMirror,
        Optional<RegistryException> refusal,
        Optional<String> problem,
        Optional<Failure> lastError,
        Optional<Instant> lastSuccess,
        boolean refusesCredentials,
        OptionalLong remaining) {
    public record Failure(String text, Instant time) {}
}
