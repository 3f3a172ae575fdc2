/**
 * The metrics of one server, by the Prometheus client: every count is made here, and the other packages only say what
 * happened.
 *
 * <p>Entry types: {@link Metrics}, {@link HttpMetrics}, {@link RegistryMetrics}, {@link MaintenanceMetrics},
 * {@link TrafficHistory}.
 *
 * <p>May import: {@code common}, {@code oci}.
 */
@NullMarked
package io.ociregistry.metrics;

import org.jspecify.annotations.NullMarked;
