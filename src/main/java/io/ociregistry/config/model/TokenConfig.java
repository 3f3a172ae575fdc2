package io.ociregistry.config.model;

import io.ociregistry.common.Secret;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * What stands under {@code auth.token}: a token, which goes first, or who gives out some.
 *
 * @param options what is set in the environment of the provider's program
 */
public record TokenConfig(
        Optional<String> provider,
        Map<String, String> options,
        Optional<Duration> expiry,
        Optional<Secret> staticToken) {
    public static final TokenConfig NONE =
            new TokenConfig(Optional.empty(), Map.of(), Optional.empty(), Optional.empty());
}
