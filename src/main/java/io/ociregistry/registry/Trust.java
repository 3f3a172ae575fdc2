package io.ociregistry.registry;

import io.ociregistry.config.AuthConfig;
import io.ociregistry.config.UpstreamConfig;
import io.ociregistry.oci.RegistryName;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** How far registries are trusted (ADR 8): the word of those that the operator named counts, and what needs no credentials is no secret. */
final class Trust {
    private final Set<RegistryName> configured;
    private final Set<RegistryName> withCredentials;

    /** The trust in those that are configured. */
    Trust(List<UpstreamConfig> registries) {
        this.configured = registries.stream().map(Trust::name).collect(Collectors.toUnmodifiableSet());
        this.withCredentials = registries.stream()
                .filter(Trust::hasCredentials)
                .map(Trust::name)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** True if its word counts: that it says it has a digest is enough to show it what is here under that digest. */
    boolean isConfigured(RegistryName registry) {
        return configured.contains(registry);
    }

    /** True if it sends us what it would send to anybody. */
    boolean isPublic(RegistryName registry) {
        return !withCredentials.contains(registry);
    }

    private static RegistryName name(UpstreamConfig registry) {
        return RegistryName.parse(registry.name());
    }

    private static boolean hasCredentials(UpstreamConfig registry) {
        return !registry.auth().equals(AuthConfig.ANONYMOUS)
                || registry.tls().cert().isPresent();
    }
}
