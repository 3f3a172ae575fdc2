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
 * Decides how far a registry is trusted (ADR 8).
 *
 * <p>The answer of a configured registry is trusted, and content that a registry sends without credentials is public.
 * A download that was requested with credentials may end long after a reload has removed them. Therefore a registry
 * that had credentials in any configuration counts as one with credentials until the process ends. Immutable.
 */
public final class RegistryTrust {
    /** Whether a registry of the current configuration has credentials. */
    private final RegistryMatcher<Boolean> credentials;
    /** Whether a registry had credentials in any configuration of this process. */
    private final Map<Map<String, Boolean>, RegistryMatcher<Boolean>> history;

    RegistryTrust(List<UpstreamConfig> registries) {
        this(registries, Map.of());
    }

    private RegistryTrust(
            List<UpstreamConfig> registries, Map<Map<String, Boolean>, RegistryMatcher<Boolean>> earlier) {
        this.credentials = new RegistryMatcher<>(registries, RegistryTrust::hasCredentials);
        this.history = new HashMap<>(earlier);
        history.put(
                registries.stream().collect(Collectors.toMap(UpstreamConfig::name, RegistryTrust::hasCredentials)),
                credentials);
    }

    /** Returns the trust after a reload. */
    RegistryTrust reloaded(List<UpstreamConfig> registries) {
        return new RegistryTrust(registries, history);
    }

    /** True if the registry is configured: its HEAD answer is enough to give it access to a cached blob. */
    public boolean isConfigured(RegistryName registry) {
        return credentials.find(registry).isPresent();
    }

    /** True if the registry never had credentials, so that its content is public. */
    public boolean isPublic(RegistryName registry) {
        return history.values().stream()
                .noneMatch(matcher -> matcher.find(registry).orElse(false));
    }

    /** Includes its mirrors: content that a mirror sends with credentials may be private. */
    private static boolean hasCredentials(UpstreamConfig registry) {
        return hasCredentials(registry.auth(), registry.tls())
                || registry.mirrors().stream().anyMatch(mirror -> hasCredentials(mirror.auth(), mirror.tls()));
    }

    private static boolean hasCredentials(AuthConfig auth, TlsConfig tls) {
        return !auth.equals(AuthConfig.ANONYMOUS) || tls.cert().isPresent();
    }
}
