package io.ociregistry.registry;

import io.ociregistry.config.AuthConfig;
import io.ociregistry.config.ByRegistry;
import io.ociregistry.config.TlsConfig;
import io.ociregistry.config.UpstreamConfig;
import io.ociregistry.oci.RegistryName;
import java.util.List;

/** How far registries are trusted (ADR 8): the word of those that the operator named counts, and what needs no credentials is no secret. */
final class Trust {
    /** Whether somebody has to log in to have what they send. */
    private final ByRegistry<Boolean> credentials;

    /** The trust in those that are configured. */
    Trust(List<UpstreamConfig> registries) {
        this.credentials = new ByRegistry<>(registries, Trust::hasCredentials);
    }

    /** True if its word counts: that it says it has a digest is enough to show it what is here under that digest. */
    boolean isConfigured(RegistryName registry) {
        return credentials.find(registry).isPresent();
    }

    /** True if it sends us what it would send to anybody. */
    boolean isPublic(RegistryName registry) {
        return !credentials.find(registry).orElse(false);
    }

    /** Of its mirrors too: what they send with credentials they may not send to others. */
    private static boolean hasCredentials(UpstreamConfig registry) {
        return hasCredentials(registry.auth(), registry.tls())
                || registry.mirrors().stream().anyMatch(mirror -> hasCredentials(mirror.auth(), mirror.tls()));
    }

    private static boolean hasCredentials(AuthConfig auth, TlsConfig tls) {
        return !auth.equals(AuthConfig.ANONYMOUS) || tls.cert().isPresent();
    }
}
