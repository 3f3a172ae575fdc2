package io.ociregistry.metrics;

import io.ociregistry.metrics.RegistryMetrics.To;
import io.ociregistry.oci.RegistryName;

/**
 * Counts the requests to one source of a registry.
 *
 * @param own whether the source is the registry or a mirror
 */
public record SourceMetrics(Metrics metrics, RegistryName registry, To own) {
    public RegistryMetrics counts() {
        return metrics.of(registry);
    }

    /** Returns the target of a request to the source itself, or to a server to which it redirected. */
    public To target(boolean isSource) {
        return isSource ? own : To.STORAGE;
    }
}
