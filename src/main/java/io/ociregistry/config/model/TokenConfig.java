package io.ociregistry.config.model;

import io.ociregistry.common.Secret;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * The section {@code auth.token}: a static token, which takes precedence, or a provider of tokens.
 *
 * @param options environment variables for the provider's program
 */
public record TokenConfig(
        Optional<String> provider,
        Map<String, String> options,
        Optional<Duration> expiry,
        Optional<Secret> staticToken) {
    public static final TokenConfig NONE =
            new TokenConfig(Optional.empty(), Map.of(), Optional.empty(), Optional.empty());
}
