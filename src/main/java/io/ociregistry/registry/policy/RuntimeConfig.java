package io.ociregistry.registry.policy;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import java.util.Optional;

/** A configuration, made ready to be asked. One counts at a time, and a reload puts another in its place: who asks holds on to none. */
public record RuntimeConfig(
        ServerConfig config,
        RegistryNames names,
        TagPolicies tags,
        RegistryTrust trust,
        Optional<ReferencePatterns> pins) {
    /**
     * Those of a configuration.
     *
     * @throws RegistryException if its pins can't be used
     */
    public static RuntimeConfig of(ServerConfig config) {
        return of(config, new RegistryTrust(config.registries()));
    }

    /** The same for another configuration of the same process. */
    public RuntimeConfig then(ServerConfig next) {
        return of(next, trust.then(next.registries()));
    }

    private static RuntimeConfig of(ServerConfig config, RegistryTrust trust) {
        return new RuntimeConfig(
                config,
                new RegistryNames(config),
                new TagPolicies(config),
                trust,
                ReferencePatterns.pins(config.cache()));
    }

    /** How long a client waits for an upstream where a cached answer is at hand. */
    public Duration patience() {
        return config.timeouts().patience();
    }
}
