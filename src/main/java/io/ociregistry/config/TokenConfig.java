package io.ociregistry.config;

import java.time.Duration;
import java.util.Optional;

/** A token for an upstream registry: given, or to be had from a provider. */
public record TokenConfig(
        Optional<String> provider,
        Optional<Secret> providerOpts,
        Optional<Duration> expiry,
        Optional<Secret> staticToken) {
    public static final TokenConfig NONE =
            new TokenConfig(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
}
