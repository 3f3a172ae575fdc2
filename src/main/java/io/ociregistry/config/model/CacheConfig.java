package io.ociregistry.config.model;

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
    public static final CacheConfig DEFAULT =
            new CacheConfig(Duration.ofSeconds(10), Optional.empty(), 90, 80, List.of(), 1 << 20);

    public CacheConfig {
        pins = List.copyOf(pins);
    }
}
