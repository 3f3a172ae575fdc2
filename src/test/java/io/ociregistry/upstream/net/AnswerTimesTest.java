package io.ociregistry.upstream.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.message.BasicHttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Times of an upstream whose clock differs from this machine by years. */
class AnswerTimesTest {
    private static final Instant UPSTREAM_TIME = Instant.parse("2001-09-09T01:46:40Z"); // second 1,000,000,000

    private final HttpResponse answer = new BasicHttpResponse(429);

    @ParameterizedTest
    @CsvSource({
        "77, PT77S",
        "' 77 ', PT77S",
        "'Sun, 09 Sep 2001 01:47:40 GMT', PT1M",
        "'Sunday, 09-Sep-01 01:47:40 GMT', PT1M",
        "'Sun, 09 Sep 2001 01:46:10 GMT', PT-30S",
        "99999999999999999999, P365D"
    })
    void retryAfterCountsFromTheDateOfTheAnswer(String header, Duration wait) {
        answer.setHeader("Date", "Sun, 09 Sep 2001 01:46:40 GMT");
        answer.setHeader("Retry-After", header);
        assertEquals(Optional.of(wait), AnswerTimes.retryAfter(answer));
    }

    @ParameterizedTest
    @CsvSource({"soon", "-5", "1.5", "''", "'Sun, 99 Sep 2001 01:47:40 GMT'"})
    void invalidRetryAfterIsIgnored(String header) {
        answer.setHeader("Retry-After", header);
        assertEquals(Optional.empty(), AnswerTimes.retryAfter(answer));
    }

    @ParameterizedTest
    @CsvSource({
        "RateLimit-Reset, 30, PT30S",
        "X-RateLimit-Reset, 30, PT30S",
        "RateLimit-Reset, 1000000030, PT30S",
        "X-RateLimit-Reset, 1000000030, PT30S",
        "X-RateLimit-Reset, 1000000030.25, PT30S",
        "x-ratelimit-reset, 1000000030000, PT30S",
        "X-RateLimit-Reset, 1000000000, PT0S",
    })
    void rateLimitResetIsSecondsOrTime(String name, String value, Duration wait) {
        answer.setHeader("Date", "Sun, 09 Sep 2001 01:46:40 GMT");
        answer.setHeader(name, value);
        assertEquals(Optional.of(wait), AnswerTimes.rateLimitReset(answer));
    }

    @ParameterizedTest
    @CsvSource({"''", "soon", "-30", "99999999999999999999"})
    void invalidRateLimitResetIsIgnored(String value) {
        answer.setHeader("RateLimit-Reset", value);
        assertEquals(Optional.empty(), AnswerTimes.rateLimitReset(answer));
    }

    @Test
    void elapsedTimeCountsFromTheDateOfTheAnswer() {
        answer.setHeader("Date", "Sun, 09 Sep 2001 01:46:40 GMT");
        assertEquals(Duration.ofSeconds(40), AnswerTimes.since(UPSTREAM_TIME.minusSeconds(40), answer));
    }

    @Test
    void ownClockCountsIfTheAnswerHasNoDate() {
        for (String date : new String[] {null, "yesterday"}) {
            answer.removeHeaders("Date");
            if (date != null) {
                answer.setHeader("Date", date);
            }
            Duration since = AnswerTimes.since(Instant.now().minusSeconds(40), answer);
            assertTrue(since.toSeconds() >= 40 && since.toSeconds() < 60, since + "");
        }
    }
}
