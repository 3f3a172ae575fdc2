package io.ociregistry.registry.admin;

import io.ociregistry.common.Daemons;
import io.ociregistry.metrics.Metrics;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.registry.blob.BlobService;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.store.Store;
import io.ociregistry.store.StoreStatus;
import io.ociregistry.upstream.Priority;
import io.ociregistry.upstream.SourceState;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.Upstreams;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The gauges of a server, whose values are read at a scrape from the parts that know them.
 *
 * <p>A scrape asks no upstream. It reads no directory either: the sizes of the store and the images are measured in the
 * background, at most once in {@value #MAX_AGE_SECONDS} seconds and only while somebody scrapes. Thread-safe.
 */
public final class StateMetrics {
    private static final long MAX_AGE_SECONDS = 60;
    /** The first scrape waits this long for the first measurement, and otherwise does without it. */
    private static final long FIRST_WAIT_SECONDS = 2;

    private static final double MILLIS = 1e3;
    private static final String REGISTRY = "registry";

    private final Metrics metrics;
    private final Store store;
    private final LiveContents contents;
    private final BlobService blobs;
    private final Upstreams upstreams;
    private final Supplier<RuntimeConfig> config;
    /** Guarded by "this". */
    private CompletableFuture<Measured> measuring = new CompletableFuture<>();
    /** Guarded by "this". */
    private long started = System.nanoTime() - TimeUnit.SECONDS.toNanos(MAX_AGE_SECONDS);

    private volatile Measured last = new Measured(Map.of(), Map.of());

    /** The values that take a walk over the whole cache. */
    private record Measured(Map<StoreStatus.Content, StoreStatus.Amount> store, Map<Boolean, Long> images) {}

    /** Creates the gauges; {@link #register} adds them to the metrics. */
    public StateMetrics(
            Store store,
            LiveContents contents,
            BlobService blobs,
            Upstreams upstreams,
            Supplier<RuntimeConfig> config) {
        this.metrics = upstreams.metrics();
        this.store = store;
        this.contents = contents;
        this.blobs = blobs;
        this.upstreams = upstreams;
        this.config = config;
    }

    /** Adds the gauges to the metrics; call it once. */
    public void register() {
        registerUpstreams();
        registerStore();
        metrics.addGauge(
                "downloads_in_flight",
                "Downloads of blobs in flight, by the priority of the request that started them.",
                this::downloads,
                REGISTRY,
                "priority");
        metrics.addGauge(
                "images",
                "Names of images in the cache, by whether they can be used without their registry.",
                values -> measured().images.forEach((complete, count) -> values.add(count, complete.toString())),
                "complete");
    }

    private void registerUpstreams() {
        metrics.addGauge(
                "upstream_up",
                "1 if requests are sent to a source of a configured registry, 0 while it is down.",
                values -> configured().forEach(upstream -> upstream.sources()
                        .forEach(source -> values.add(
                                isDown(source) ? 0 : 1, upstream.name().toString(), source.url()))),
                REGISTRY,
                "endpoint");
        perRegistry(
                "upstream_last_success_timestamp_seconds",
                "Time of the last answer with content.",
                sources -> sources.stream()
                        .flatMap(source -> source.lastSuccess().stream())
                        .max(Comparator.naturalOrder())
                        .map(StateMetrics::seconds));
        perRegistry(
                "upstream_limited_until_timestamp_seconds",
                "Time until which requests are not sent because of a rate limit; 0 without one.",
                sources -> Optional.of(sources.stream()
                        .flatMap(source -> source.refusal().stream())
                        .filter(refusal -> refusal.code() == ErrorCode.TOO_MANY_REQUESTS)
                        .flatMap(refusal -> refusal.retryAfter().stream())
                        .max(Comparator.naturalOrder())
                        .map(wait -> seconds(Instant.now().plus(wait)))
                        .orElse(0.0)));
        perRegistry(
                "upstream_credentials_refused",
                "1 while a source refuses the configured credentials, otherwise 0.",
                sources -> Optional.of(sources.stream().anyMatch(SourceState::refusesCredentials) ? 1.0 : 0.0));
        perRegistry(
                "upstream_rate_limit_remaining",
                "Requests that remain, as the last answer said; without a value if none said it.",
                sources -> sources.stream()
                        .flatMap(source -> source.remaining().stream().boxed())
                        .min(Comparator.naturalOrder())
                        .map(Long::doubleValue));
    }

    private interface Value {
        Optional<Double> of(List<SourceState> sources);
    }

    private void perRegistry(String name, String help, Value value) {
        metrics.addGauge(
                name,
                help,
                values -> configured().forEach(upstream -> value.of(upstream.sources())
                        .ifPresent(found -> values.add(found, upstream.name().toString()))),
                REGISTRY);
    }

    private static boolean isDown(SourceState source) {
        return source.refusal()
                .map(RegistryException::code)
                .filter(code -> code != ErrorCode.TOO_MANY_REQUESTS)
                .isPresent();
    }

    /** Returns the configured upstreams that exist, without those that only match a wildcard entry. */
    private Stream<Upstream> configured() {
        return upstreams.known().stream().filter(upstream -> metrics.isConfigured(upstream.name()));
    }

    private void registerStore() {
        metrics.addGauge(
                "store_bytes",
                "Bytes of the files in the cache.",
                values -> measured().store.forEach((kind, amount) -> values.add((double) amount.bytes(), label(kind))),
                "kind");
        metrics.addGauge(
                "store_objects",
                "Files in the cache.",
                values -> measured().store.forEach((kind, amount) -> values.add((double) amount.files(), label(kind))),
                "kind");
        metrics.addGauge(
                "store_limit_bytes",
                "The limit cache.maxSize; without a value if there is none.",
                values -> config.get().config().cache().maxSize().ifPresent(limit -> values.add(limit)));
        metrics.addGauge("store_free_bytes", "Free bytes of the disk of the blobs.", values -> free().ifPresent(
                        bytes -> values.add(bytes)));
        metrics.addGauge(
                "store_writable",
                "1 if new content is stored, 0 if the cache is read-only.",
                values -> values.add(store.status().isWritable() ? 1 : 0));
        metrics.addCounter(
                "store_quarantined_total",
                "Corrupt files that were moved to the quarantine.",
                values -> Stream.of(StoreStatus.Content.BLOB, StoreStatus.Content.MANIFEST)
                        .forEach(kind -> values.add((double) store.quarantined(kind), label(kind))),
                "kind");
        metrics.addGauge(
                "scrub_last_success_timestamp_seconds",
                "Time at which the last complete scrub started; without a value before the first.",
                values -> store.lastScrub().ifPresent(time -> values.add(seconds(time))));
    }

    private Optional<Double> free() {
        try {
            return Optional.of((double) store.status().free());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private void downloads(Metrics.Values values) {
        Map<String, Map<Priority, Long>> counts = blobs.inFlight().stream()
                .collect(Collectors.groupingBy(
                        blob -> metrics.label(RegistryName.parse(blob.source())),
                        Collectors.groupingBy(
                                BlobService.InFlightBlob::priority,
                                () -> new EnumMap<>(Priority.class),
                                Collectors.counting())));
        configured().forEach(upstream -> counts.putIfAbsent(upstream.name().toString(), Map.of()));
        counts.forEach((registry, byPriority) -> Arrays.stream(Priority.values())
                .forEach(priority -> values.add(byPriority.getOrDefault(priority, 0L), registry, label(priority))));
    }

    /** Returns the last measurement, and starts the next one if it is old. */
    private Measured measured() {
        CompletableFuture<Measured> current;
        synchronized (this) {
            if (System.nanoTime() - started >= TimeUnit.SECONDS.toNanos(MAX_AGE_SECONDS)) {
                started = System.nanoTime();
                CompletableFuture<Measured> next = new CompletableFuture<>();
                measuring = next;
                Daemons.withName("metrics").newThread(() -> measure(next)).start();
            }
            current = measuring;
        }
        if (last.store.isEmpty()) {
            return current.copy()
                    .completeOnTimeout(last, FIRST_WAIT_SECONDS, TimeUnit.SECONDS)
                    .exceptionally(failed -> last)
                    .join();
        }
        return last;
    }

    private void measure(CompletableFuture<Measured> result) {
        try {
            Map<Boolean, Long> images = contents.known()
                    .images(ReferencePatterns.ALL)
                    .collect(Collectors.partitioningBy(CachedImage::complete, Collectors.counting()));
            last = new Measured(store.status().contents(), images);
            result.complete(last);
        } catch (IOException | RuntimeException e) {
            result.completeExceptionally(e);
        }
    }

    private static double seconds(Instant time) {
        return time.toEpochMilli() / MILLIS;
    }

    private static String label(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
