package io.ociregistry.config.model;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.ObjectType.ProblemReporter;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.Values;
import java.time.Duration;
import java.util.List;
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

    /** A run may take longer than this, and the next one starts this long after its end. */
    private static final Duration MIN_FREQUENCY = Duration.ofSeconds(1);

    private static final Key<Boolean> ENABLED = new Key<>("enabled", Scalar.BOOLEAN, false);
    private static final Key<Duration> DURATION = new Key<>("duration", Scalar.DURATION, Duration.ofDays(30));
    private static final Key<Type> TYPE = new Key<>("type", Scalar.oneOf(Type.class), Type.ACCESSED);
    private static final Key<Duration> FREQUENCY =
            new Key<>("frequency", Scalar.DURATION.checked(PruneConfig::tooFrequent), Duration.ofDays(1));
    private static final Key<Integer> COUNT = new Key<>("count", Scalar.integer(-1, Integer.MAX_VALUE), -1);
    private static final Key<Optional<String>> EXPR = optional("expr", Scalar.EXPRESSIONS);
    private static final Key<Boolean> DRY_RUN = new Key<>("dryRun", Scalar.BOOLEAN, false);
    private static final Key<Boolean> DRYRUN = new Key<>("dryrun", Scalar.BOOLEAN, false);
    public static final ObjectType<PruneConfig> KEYS = new ObjectType<>(
            List.of(ENABLED, DURATION, TYPE, FREQUENCY, COUNT, EXPR, DRY_RUN, DRYRUN), PruneConfig::of);

    public static final PruneConfig DEFAULT = new PruneConfig(Values.NONE);

    private PruneConfig(Values values) {
        this(
                values.get(ENABLED),
                values.get(DURATION),
                values.get(TYPE),
                values.get(FREQUENCY),
                values.get(COUNT),
                values.get(EXPR),
                values.get(DRY_RUN) || values.get(DRYRUN));
    }

    private static Optional<String> tooFrequent(Duration frequency) {
        return frequency.compareTo(MIN_FREQUENCY) < 0
                ? Optional.of("is too short; write at least 1s, for example 1d")
                : Optional.empty();
    }

    private static PruneConfig of(Values values, ProblemReporter reporter) {
        if (values.get(TYPE) == Type.PATTERN && values.get(EXPR).isEmpty()) {
            reporter.report(EXPR, "is missing; type pattern needs it");
        }
        if (values.has(DRY_RUN) && values.has(DRYRUN)) {
            reporter.report(DRYRUN, "is another name of dryRun, which is also set; remove it");
        }
        return new PruneConfig(values);
    }
}
