package io.ociregistry.metrics;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Instant;

/** Counts prunes, scrubs and reloads. Thread-safe. */
@SuppressWarnings("EnumOrdinal") // the index of a series in memory, never stored
public final class MaintenanceMetrics {
    /** Why a prune removed an image. */
    public enum Removal {
        /** The cache was larger than its quota. */
        SIZE,
        /** The age, on the schedule of {@code pruneConfig}. */
        AGE,
        /** The pattern of {@code pruneConfig}. */
        PATTERN,
        /** A request of the operator. */
        MANUAL
    }

    private static final double MILLIS = 1e3;

    private final Children<CounterDataPoint> removed;
    private final Children<CounterDataPoint> removedBytes;
    private final Gauge scrubProblems;
    private final Gauge reloadSuccessful;
    private final Gauge reloadTime;

    MaintenanceMetrics(PrometheusRegistry registry) {
        this.removed = byReason(Metrics.counter("store_removed_total", "Names of images that prunes removed.", "reason")
                .register(registry));
        this.removedBytes =
                byReason(Metrics.counter("store_removed_bytes_total", "Bytes of blobs that prunes deleted.", "reason")
                        .register(registry));
        this.scrubProblems = Metrics.gauge("scrub_problems", "Problems that the last complete scrub found.")
                .register(registry);
        this.reloadSuccessful = Metrics.gauge(
                        "config_last_reload_successful",
                        "1 if the configuration was read at the last reload or at the start, otherwise 0.")
                .register(registry);
        this.reloadTime = Metrics.gauge(
                        "config_last_reload_success_timestamp_seconds",
                        "Time of the last successful reload, or of the start.")
                .register(registry);
        reloaded(true);
    }

    private static Children<CounterDataPoint> byReason(Counter metric) {
        Children<CounterDataPoint> children = new Children<>(
                Removal.values().length, index -> metric.labelValues(Children.label(Removal.values()[index])));
        children.createAll();
        return children;
    }

    /** Counts what a prune removed. */
    public void removed(Removal reason, long names, long bytes) {
        removed.at(reason.ordinal()).inc(names);
        removedBytes.at(reason.ordinal()).inc(bytes);
    }

    /** Records the problems of a complete scrub. */
    public void scrubbed(long problems) {
        scrubProblems.set((double) problems);
    }

    /** Records the result of a reload of the configuration. */
    public void reloaded(boolean successful) {
        reloadSuccessful.set(successful ? 1 : 0);
        if (successful) {
            reloadTime.set(Instant.now().toEpochMilli() / MILLIS);
        }
    }
}
