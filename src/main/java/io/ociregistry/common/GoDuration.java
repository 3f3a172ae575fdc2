package io.ociregistry.common;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.regex.Pattern;

/** Parses and formats durations in the syntax of Go, such as {@code 1h30m} or {@code 500ms}, and days: {@code 30d}. */
public final class GoDuration {
    private static final Pattern DAYS = Pattern.compile("([0-9]{1,6})d");
    private static final Pattern PART = Pattern.compile("([0-9]{1,15}(?:\\.[0-9]{0,9})?)(ns|us|µs|ms|s|m|h)");
    private static final Pattern WHOLE = Pattern.compile("(?:" + PART.pattern() + ")+");

    private static final long SECONDS_A_DAY = 24L * 60 * 60;

    private GoDuration() {}

    /**
     * Parses a duration.
     *
     * @throws IllegalArgumentException if the text is not a duration; the message says what to write
     */
    public static Duration parse(String text) {
        var days = DAYS.matcher(text);
        if (days.matches()) {
            return Duration.ofDays(Long.parseLong(days.group(1)));
        }
        if (!WHOLE.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a duration; write for example 500ms, 10s, 1h30m or 30d");
        }
        return PART.matcher(text)
                .results()
                .map(part -> new BigDecimal(part.group(1)).multiply(BigDecimal.valueOf(nanosIn(part.group(2)))))
                .map(GoDuration::ofNanos)
                .reduce(Duration.ZERO, Duration::plus);
    }

    /**
     * Formats a duration for people, so that {@link #parse} reads it: in whole seconds, from two days on in whole days.
     * A negative duration is {@code 0s}.
     */
    public static String format(Duration duration) {
        long seconds = Math.max(0, duration.toSeconds());
        if (seconds >= 2 * SECONDS_A_DAY) {
            return seconds / SECONDS_A_DAY + "d";
        }
        long minutes = seconds / 60;
        String text = part(minutes / 60, "h") + part(minutes % 60, "m") + part(seconds % 60, "s");
        return text.isEmpty() ? "0s" : text;
    }

    private static String part(long count, String unit) {
        return count == 0 ? "" : count + unit;
    }

    private static Duration ofNanos(BigDecimal nanos) {
        var whole = nanos.setScale(0, RoundingMode.DOWN).toBigInteger();
        var parts = whole.divideAndRemainder(BigInteger.valueOf(nanosIn("s")));
        return Duration.ofSeconds(parts[0].longValueExact(), parts[1].longValueExact());
    }

    private static long nanosIn(String unit) {
        return switch (unit) {
            case "ns" -> 1;
            case "us", "µs" -> 1_000;
            case "ms" -> 1_000_000;
            case "s" -> 1_000_000_000;
            case "m" -> 60_000_000_000L;
            default -> 3_600_000_000_000L;
        };
    }
}
