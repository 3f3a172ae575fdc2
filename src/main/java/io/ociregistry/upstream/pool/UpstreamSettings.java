package io.ociregistry.upstream.pool;

import io.ociregistry.config.ProxyEnvironment;
import io.ociregistry.config.model.Limits;
import io.ociregistry.config.model.Timeouts;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.RegistryName;
import java.util.Optional;

/**
 * The settings that determine how a registry is reached.
 *
 * <p>If they are equal in two configurations, a reload keeps the upstream (ADR 30).
 *
 * @param entry the registry's entry, without the keys that do not affect the upstream; empty for an unlisted registry
 */
record UpstreamSettings(
        RegistryName name, Optional<UpstreamConfig> entry, Timeouts timeouts, ProxyEnvironment environment) {
    UpstreamSettings {
        entry = entry.map(UpstreamConfig::connectionSettings);
    }

    Limits limits() {
        return entry.map(UpstreamConfig::limits).orElse(Limits.DEFAULT);
    }
}
