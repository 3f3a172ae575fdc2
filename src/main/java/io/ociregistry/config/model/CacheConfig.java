package io.ociregistry.config.model;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The bounds of the cache.
 *
 * @param negativeTtl for how long an upstream's answer that it has not got something counts; zero for not at all
 * @param maxSize how many bytes it may have; empty for as many as the disk has
 * @param highWater how many per cent of them make the least recently pulled images go
 * @param lowWater until so many are left
 * @param pins regular expressions on the names of images that never go
 * @param scrubRate how many bytes a second are read to find what has gone bad; 0 for none
 */
public record CacheConfig(
        Duration negativeTtl, Optional<Long> maxSize, int highWater, int lowWater, List<String> pins, long scrubRate) {
    public static final CacheConfig DEFAULT =
            new CacheConfig(Duration.ofSeconds(10), Optional.empty(), 90, 80, List.of(), 1 << 20);

    public CacheConfig {
        pins = List.copyOf(pins);
    }
}
