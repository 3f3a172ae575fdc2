package io.ociregistry.upstream.net;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hc.client5.http.utils.DateUtils;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpResponse;

/**
 * Reads the times in the headers of an answer, as durations from the moment of the answer. They may be negative;
 * callers limit them.
 *
 * <p>Absolute times count from the {@code Date} of the same answer, because an edge machine may start with a wrong
 * clock. The clock of this machine counts only for answers without a {@code Date} (RFC 9110 section 6.6.1).
 */
public final class AnswerTimes {
    private static final Pattern NUMBER = Pattern.compile("([0-9]{1,13})(?:\\.[0-9]*)?");
    /** Longer than any caller waits. */
    private static final Duration VERY_LONG = Duration.ofDays(365);
    /** Numbers from here on are a time since 1970, in seconds or milliseconds; smaller numbers are seconds to wait. */
    private static final long FIRST_EPOCH_SECOND = 1_000_000_000;

    private static final long FIRST_EPOCH_MILLISECOND = 1_000 * FIRST_EPOCH_SECOND;

    private AnswerTimes() {}

    /** Returns {@code Retry-After}, seconds or a date (RFC 9110 section 10.2.3); empty if it is missing or invalid. */
    static Optional<Duration> retryAfter(HttpResponse answer) {
        return header(answer, "Retry-After").flatMap(text -> {
            if (text.matches("[0-9]+")) {
                return Optional.of(text.length() > 9 ? VERY_LONG : Duration.ofSeconds(Long.parseLong(text)));
            }
            return Optional.ofNullable(DateUtils.parseStandardDate(text)).map(date -> until(date, answer));
        });
    }

    /**
     * Returns the time to the reset of a rate limit: {@code RateLimit-Reset} or {@code X-RateLimit-Reset}. Registries
     * send either seconds to wait or the time since 1970 in both headers.
     */
    public static Optional<Duration> rateLimitReset(HttpResponse answer) {
        return Stream.of("RateLimit-Reset", "X-RateLimit-Reset")
                .flatMap(name -> header(answer, name).stream())
                .map(NUMBER::matcher)
                .filter(Matcher::matches)
                .map(number -> reset(Long.parseLong(number.group(1)), answer))
                .findFirst();
    }

    /** Returns the time that passed from a moment to the answer. */
    public static Duration since(Instant before, HttpResponse answer) {
        return until(before, answer).negated();
    }

    private static Duration reset(long number, HttpResponse answer) {
        if (number < FIRST_EPOCH_SECOND) {
            return Duration.ofSeconds(number);
        }
        return until(
                number < FIRST_EPOCH_MILLISECOND ? Instant.ofEpochSecond(number) : Instant.ofEpochMilli(number),
                answer);
    }

    private static Duration until(Instant time, HttpResponse answer) {
        Instant date = DateUtils.parseStandardDate(answer, "Date");
        return Duration.between(Objects.requireNonNullElseGet(date, Instant::now), time);
    }

    private static Optional<String> header(HttpResponse answer, String name) {
        return Optional.ofNullable(answer.getFirstHeader(name))
                .map(Header::getValue)
                .map(String::strip);
    }
}
