package io.ociregistry.config.model;

import io.ociregistry.common.GoDuration;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.regex.Pattern;

/**
 * How long a cached tag is served without asking its registry whether it moved.
 *
 * @param pattern a glob on the tag: {@code *} is any text, {@code ?} one character
 * @param maxAge zero for always asking, {@link #FOREVER} for never
 * @param keepsWhatIsGone whether a tag that the registry no longer has is served from the cache
 */
public record TagRule(String pattern, Duration maxAge, boolean keepsWhatIsGone) {
    public static final Duration FOREVER = ChronoUnit.FOREVER.getDuration();

    /** What counts where no other rule matches. */
    public static final TagRule NEVER = new TagRule("*", FOREVER, true);

    /** What a registry's 404 for a cached tag means. */
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
