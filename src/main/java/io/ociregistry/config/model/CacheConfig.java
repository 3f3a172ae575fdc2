package io.ociregistry.config.model;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.ObjectType.ProblemReporter;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.ValueType.ListOf;
import io.ociregistry.config.yaml.Values;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The section {@code cache}: limits, pins and scrubbing.
 *
 * @param negativeTtl how long the 404 of an upstream is cached; zero turns the negative cache off
 * @param maxSize the quota in bytes; empty for the size of the disk
 * @param highWater the percentage of {@code maxSize} at which eviction of the least recently pulled images starts
 * @param lowWater the percentage of {@code maxSize} at which eviction stops
 * @param pins regular expressions; images whose names match are never pruned
 * @param scrubRate the bytes per second that scrubbing reads; 0 turns it off
 */
public record CacheConfig(
        Duration negativeTtl, Optional<Long> maxSize, int highWater, int lowWater, List<String> pins, long scrubRate) {
    private static final Key<Duration> NEGATIVE_TTL = new Key<>("negativeTtl", Scalar.DURATION, Duration.ofSeconds(10));
    private static final Key<Optional<Long>> MAX_SIZE = optional("maxSize", Scalar.size(1, Long.MAX_VALUE));
    private static final Key<Integer> HIGH_WATER = new Key<>("highWater", Scalar.PER_CENT, 90);
    private static final Key<Integer> LOW_WATER = new Key<>("lowWater", Scalar.PER_CENT, 80);
    private static final Key<List<String>> PINS = new Key<>("pins", new ListOf<>(Scalar.EXPRESSION), List.of());
    private static final Key<Long> SCRUB_RATE = new Key<>("scrubRate", Scalar.size(0, Long.MAX_VALUE), 1L << 20);
    public static final ObjectType<CacheConfig> KEYS =
            new ObjectType<>(List.of(NEGATIVE_TTL, MAX_SIZE, HIGH_WATER, LOW_WATER, PINS, SCRUB_RATE), CacheConfig::of);

    public static final CacheConfig DEFAULT = new CacheConfig(Values.NONE);

    public CacheConfig {
        pins = List.copyOf(pins);
    }

    private CacheConfig(Values values) {
        this(
                values.get(NEGATIVE_TTL),
                values.get(MAX_SIZE),
                values.get(HIGH_WATER),
                values.get(LOW_WATER),
                values.get(PINS),
                values.get(SCRUB_RATE));
    }

    private static CacheConfig of(Values values, ProblemReporter reporter) {
        var cache = new CacheConfig(values);
        if (cache.lowWater >= cache.highWater) {
            reporter.report(
                    LOW_WATER, "is " + cache.lowWater + "%, but must be below highWater, " + cache.highWater + "%");
        }
        return cache;
    }
}
