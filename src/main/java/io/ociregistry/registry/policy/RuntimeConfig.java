package io.ociregistry.registry.policy;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.address.AddressRange;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The current configuration with everything that is derived from it.
 *
 * <p>A reload replaces it, so users take it from a supplier for each use and do not keep it. Immutable.
 */
public record RuntimeConfig(
        ServerConfig config,
        RegistryNames names,
        TagPolicies tags,
        RegistryTrust trust,
        Optional<ReferencePatterns> pins,
        List<AddressRange> trustedProxies) {
    /**
     * Derives the runtime configuration at the start of a process.
     *
     * @throws RegistryException if an expression in {@code cache.pins} is not valid
     */
    public static RuntimeConfig of(ServerConfig config) {
        return of(config, new RegistryTrust(config.registries()));
    }

    /** Returns the runtime configuration after a reload; the trust remembers earlier credentials. */
    public RuntimeConfig reloaded(ServerConfig next) {
        return of(next, trust.reloaded(next.registries()));
    }

    private static RuntimeConfig of(ServerConfig config, RegistryTrust trust) {
        return new RuntimeConfig(
                config,
                new RegistryNames(config),
                new TagPolicies(config),
                trust,
                ReferencePatterns.pins(config.cache()),
                config.trustedProxies());
    }

    /** How long a client waits for an upstream if a cached answer could be served instead. */
    public Duration fallbackTimeout() {
        return config.timeouts().revalidationTimeout();
    }
}
