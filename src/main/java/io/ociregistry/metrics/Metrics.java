package io.ociregistry.metrics;

import io.ociregistry.common.BuildInfo;
import io.ociregistry.oci.RegistryName;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.instrumentation.jvm.JvmBufferPoolMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmClassLoadingMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmGarbageCollectorMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmMemoryMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmRuntimeInfoMetric;
import io.prometheus.metrics.instrumentation.jvm.JvmThreadsMetrics;
import io.prometheus.metrics.instrumentation.jvm.ProcessMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * All metrics of one server. {@code docs/metrics.md} lists them; a test compares both.
 *
 * <p>Labels are bounded. A registry has series of its own if it is configured, or is one of the {@value #MAX_OTHERS}
 * most recently used others; the counts of the rest have the name {@value #REST}. Thread-safe.
 */
public final class Metrics {
    /** The maximum number of registries with series of their own that are not configured. */
    static final int MAX_OTHERS = 32;

    /** The label of all further registries. */
    static final String REST = "other";

    private static final String PREFIX = "ociregistry_";

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final HttpMetrics http = new HttpMetrics(registry);
    private final MaintenanceMetrics maintenance = new MaintenanceMetrics(registry);
    private final RegistryMetrics.Families families = RegistryMetrics.Families.register(registry);
    private final Map<RegistryName, RegistryMetrics> byName = new ConcurrentHashMap<>();
    private final RegistryMetrics rest = new RegistryMetrics(families, REST);
    /** Replaced under the lock. */
    private volatile Set<RegistryName> configured = Set.of();

    /** Adds the metrics of the process. None of them registers a listener that would outlive a web application. */
    public void addProcess(BuildInfo info) {
        JvmBufferPoolMetrics.builder().register(registry);
        JvmClassLoadingMetrics.builder().register(registry);
        JvmGarbageCollectorMetrics.builder().register(registry);
        JvmMemoryMetrics.builder().register(registry);
        JvmRuntimeInfoMetric.builder().register(registry);
        JvmThreadsMetrics.builder().register(registry);
        ProcessMetrics.builder().register(registry);
        Info build = Info.builder()
                .name(PREFIX + "build_info")
                .help("The build of this server.")
                .labelNames("version", "revision", "java")
                .register(registry);
        build.addLabelValues(info.version(), info.revision(), Runtime.version().toString());
    }

    /** Sets the configured registries. */
    public synchronized void configure(Set<RegistryName> names) {
        configured = Set.copyOf(names);
        names.forEach(name -> of(name).createDownloads());
        evict(MAX_OTHERS);
    }

    /** Returns the metrics of a registry; asked again for each request, because those of others are replaced. */
    public RegistryMetrics of(RegistryName name) {
        RegistryMetrics known = byName.get(name);
        if (known == null) {
            return add(name);
        }
        known.touch();
        return known;
    }

    /** Returns the metrics of a registry; those that all further registries share if it has no series of its own. */
    public RegistryMetrics known(RegistryName name) {
        return byName.getOrDefault(name, rest);
    }

    private synchronized RegistryMetrics add(RegistryName name) {
        if (!configured.contains(name) && !byName.containsKey(name)) {
            evict(MAX_OTHERS - 1);
        }
        return byName.computeIfAbsent(name, added -> new RegistryMetrics(families, added.toString()));
    }

    /** Keeps at most this many registries that are not configured. Caller holds the lock. */
    private void evict(int kept) {
        long now = System.nanoTime();
        byName.entrySet().stream()
                .filter(entry -> !configured.contains(entry.getKey()))
                .sorted(Comparator.comparingLong(entry -> now - entry.getValue().lastUsed()))
                .skip(kept)
                .toList()
                .forEach(entry -> {
                    byName.remove(entry.getKey());
                    entry.getValue().moveTo(rest);
                });
    }

    public boolean isConfigured(RegistryName name) {
        return configured.contains(name);
    }

    /** Returns the label of a registry. */
    public String label(RegistryName name) {
        return byName.containsKey(name) ? name.toString() : REST;
    }

    public HttpMetrics http() {
        return http;
    }

    public MaintenanceMetrics maintenance() {
        return maintenance;
    }

    /** Returns the sums of the counters of traffic. */
    TrafficHistory.Totals totals() {
        return new TrafficHistory.Totals(
                sum("cache_requests", labels -> true),
                sum("cache_requests", labels -> Provenance.CACHED.contains(labels.get("result"))),
                sum("http_response_bytes", labels -> true),
                sum("upstream_received_bytes", labels -> true));
    }

    private long sum(String counter, Predicate<Labels> filter) {
        return registry.scrape((PREFIX + counter)::equals).stream()
                .filter(CounterSnapshot.class::isInstance)
                .flatMap(snapshot -> ((CounterSnapshot) snapshot).getDataPoints().stream())
                .filter(series -> filter.test(series.getLabels()))
                .mapToLong(series -> (long) series.getValue())
                .sum();
    }

    /** Returns the registry of the client library, which a scrape reads. */
    public PrometheusRegistry registry() {
        return registry;
    }

    static Counter.Builder counter(String name, String help, String... labels) {
        return Counter.builder()
                .name(PREFIX + name)
                .help(help)
                .labelNames(labels)
                .withoutExemplars();
    }

    static Histogram.Builder histogram(String name, String help, String... labels) {
        return Histogram.builder()
                .name(PREFIX + name)
                .help(help)
                .labelNames(labels)
                .classicOnly()
                .withoutExemplars();
    }

    static Gauge.Builder gauge(String name, String help, String... labels) {
        return Gauge.builder().name(PREFIX + name).help(help).labelNames(labels).withoutExemplars();
    }

    /** Receives the values of a gauge at a scrape. */
    @FunctionalInterface
    public interface Values {
        /** Adds the value of one series; the label values are in the order of the label names. */
        void add(double value, String... labels);
    }

    /** Writes the values of a gauge at a scrape. */
    @FunctionalInterface
    public interface Reading {
        void read(Values values);
    }

    /** Adds a counter whose values are read at each scrape. */
    public void addCounter(String name, String help, Reading reading, String... labels) {
        CounterWithCallback.builder()
                .name(PREFIX + name)
                .help(help)
                .labelNames(labels)
                .callback(callback -> reading.read(callback::call))
                .register(registry);
    }

    /** Adds a gauge whose values are read at each scrape. */
    public void addGauge(String name, String help, Reading reading, String... labels) {
        GaugeWithCallback.builder()
                .name(PREFIX + name)
                .help(help)
                .labelNames(labels)
                .callback(callback -> reading.read(callback::call))
                .register(registry);
    }
}
