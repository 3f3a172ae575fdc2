package io.ociregistry.upstream.pool;

import io.ociregistry.config.ProxyEnvironment;
import io.ociregistry.config.model.Limits;
import io.ociregistry.config.model.Timeouts;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.RegistryName;
import java.util.Optional;

/**
 * All that decides how a registry is reached. Where two configurations have the same of it, the registry stays as it is from one to the other.
 *
 * @param entry of the configuration, without what says nothing of this; empty for a registry that has none
 */
record UpstreamSettings(
        RegistryName name, Optional<UpstreamConfig> entry, Timeouts timeouts, ProxyEnvironment environment) {
    UpstreamSettings {
        entry = entry.map(UpstreamConfig::asReached);
    }

    Limits limits() {
        return entry.map(UpstreamConfig::limits).orElse(Limits.DEFAULT);
    }
}
