package io.ociregistry.registry.policy;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.RegistryMatcher;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.RegistryName;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How far registries are trusted (ADR 8): the word of those that the operator named counts, and what needs no credentials is no secret. What was
 * asked for with credentials may arrive long after a reload took them away, so who had some stays who has some until the process ends.
 */
public final class RegistryTrust {
    /** Whether somebody has to log in to have what they send. */
    private final RegistryMatcher<Boolean> credentials;
    /** The same of all configurations so far, by what they say of it. */
    private final Map<Map<String, Boolean>, RegistryMatcher<Boolean>> ever;

    /** The trust in those that are configured. */
    RegistryTrust(List<UpstreamConfig> registries) {
        this(registries, Map.of());
    }

    private RegistryTrust(List<UpstreamConfig> registries, Map<Map<String, Boolean>, RegistryMatcher<Boolean>> before) {
        this.credentials = new RegistryMatcher<>(registries, RegistryTrust::hasCredentials);
        this.ever = new HashMap<>(before);
        ever.put(
                registries.stream().collect(Collectors.toMap(UpstreamConfig::name, RegistryTrust::hasCredentials)),
                credentials);
    }

    /** The trust in those of the next configuration. */
    RegistryTrust then(List<UpstreamConfig> registries) {
        return new RegistryTrust(registries, ever);
    }

    /** True if its word counts: that it says it has a digest is enough to show it what is here under that digest. */
    public boolean isConfigured(RegistryName registry) {
        return credentials.find(registry).isPresent();
    }

    /** True if it sends us what it would send to anybody, and always did. */
    public boolean isPublic(RegistryName registry) {
        return ever.values().stream().noneMatch(some -> some.find(registry).orElse(false));
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
