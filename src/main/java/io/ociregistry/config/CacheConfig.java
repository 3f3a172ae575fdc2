package io.ociregistry.config;

import java.time.Duration;

/** What the cache remembers beside its content: for how long an upstream's answer that it has not got something counts; zero for not at all. */
public record CacheConfig(Duration negativeTtl) {
    public static final CacheConfig DEFAULT = new CacheConfig(Duration.ofSeconds(10));
}
