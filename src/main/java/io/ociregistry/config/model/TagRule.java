package io.ociregistry.config.model;

import io.ociregistry.common.GoDuration;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.Scalar;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.regex.Pattern;

/**
 * A rule for how long a cached tag is served without revalidation.
 *
 * @param pattern a glob on the tag: {@code *} is any text, {@code ?} one character
 * @param maxAge the age at which a tag is stale: zero for always, {@link #FOREVER} for never
 * @param keepOnNotFound whether a cached tag is still served after the registry answered 404 for it
 */
public record TagRule(String pattern, Duration maxAge, boolean keepOnNotFound) {
    public static final Duration FOREVER = ChronoUnit.FOREVER.getDuration();

    private static final Key<String> PATTERN = new Key<>("pattern", Scalar.TEXT, "*");
    private static final Key<Duration> POLICY = new Key<>("policy", new Scalar<>(TagRule::policy), FOREVER);
    private static final Key<OnNotFound> ON_NOT_FOUND =
            new Key<>("onNotFound", Scalar.oneOf(OnNotFound.class), OnNotFound.KEEP);
    static final ObjectType<TagRule> KEYS = ObjectType.of(
            values -> new TagRule(values.get(PATTERN), values.get(POLICY), values.get(ON_NOT_FOUND) == OnNotFound.KEEP),
            PATTERN,
            POLICY,
            ON_NOT_FOUND);

    /** The rule for tags that no other rule matches: never revalidate. */
    public static final TagRule NEVER = new TagRule("*", FOREVER, true);

    /** The action when a registry answers 404 for a cached tag. */
    public enum OnNotFound {
        KEEP,
        DROP
    }

    /** Parses a policy: {@code never}, {@code always}, or an age. */
    public static Duration policy(String text) {
        return switch (text) {
            case "never" -> FOREVER;
            case "always" -> Duration.ZERO;
            default -> age(text);
        };
    }

    /** The pattern as a regular expression. */
    public Pattern regex() {
        StringBuilder regex = new StringBuilder();
        pattern.chars()
                .forEach(c -> regex.append(
                        switch (c) {
                            case '*' -> ".*";
                            case '?' -> ".";
                            default -> Pattern.quote(Character.toString(c));
                        }));
        return Pattern.compile(regex.toString());
    }

    private static Duration age(String text) {
        try {
            return GoDuration.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + text + "' is neither never, always, nor an age such as 30m", e);
        }
    }
}
