package io.ociregistry.config.model;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** Pruning in the background: what is taken away, how old it must be, and how often. A negative count means no limit. */
public record PruneConfig(
        boolean enabled,
        Duration duration,
        Type type,
        Duration frequency,
        int count,
        Optional<String> expr,
        boolean dryRun) {
    /** What an image is chosen by. */
    public enum Type {
        ACCESSED,
        CREATED,
        PATTERN;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public static final PruneConfig DEFAULT =
            new PruneConfig(false, Duration.ofDays(30), Type.ACCESSED, Duration.ofDays(1), -1, Optional.empty(), false);
}
