package io.ociregistry.config.model;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * The section {@code pruneConfig}: background pruning.
 *
 * @param duration the minimum age of an image, for types {@code accessed} and {@code created}
 * @param count the maximum number of images per run; negative for no limit
 * @param expr the patterns, for type {@code pattern}
 */
public record PruneConfig(
        boolean enabled,
        Duration duration,
        Type type,
        Duration frequency,
        int count,
        Optional<String> expr,
        boolean dryRun) {
    /** The property by which images are chosen. */
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
