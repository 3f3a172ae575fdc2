package io.ociregistry.upstream.health;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.testing.LogLines;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.address.SourceAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.message.BasicHttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RateLimitsTest {
    private long now = Long.MAX_VALUE;
    private final RateLimits limits = new RateLimits(
            new SourceAddress(RegistryName.parse("r.example"), Origin.of(URI.create("https://r.example")), false),
            () -> now);

    @ParameterizedTest
    @CsvSource({"60,60", "1,1", "0,1", "-5,60", "soon,60", "9999999999,21600"})
    void pausesForRetryAfter(String header, long seconds) {
        refuse(RequestKind.MANIFEST, header);
        assertEquals(Duration.ofSeconds(seconds), left());
        now += Duration.ofSeconds(seconds).toNanos() - 1;
        assertEquals(Duration.ofNanos(1), left());
        now += 1;
        assertDoesNotThrow(() -> limits.check(RequestKind.MANIFEST));
    }

    @Test
    void pauseIsLoggedOnce() {
        try (LogLines log = LogLines.of(RateLimits.class.getName())) {
            refuse(RequestKind.BLOB, "60");
            refuse(RequestKind.BLOB, "60");
            assertEquals(1, log.at("WARN").size(), log.text());
            now += Duration.ofSeconds(60).toNanos();
            refuse(RequestKind.BLOB, "60");
            assertEquals(2, log.at("WARN").size(), log.text());
        }
    }

    @Test
    void pausesAMinuteWithoutRetryAfter() {
        limits.recordAnswer(RequestKind.MANIFEST, new BasicHttpResponse(429));
        assertEquals(Duration.ofSeconds(60), left());
    }

    @ParameterizedTest
    @CsvSource({"60,60", "0,1", "soon,60", "86400,600"})
    void pausesAtMostTenMinutesAfter503(String header, long seconds) {
        answer(503, RequestKind.MANIFEST, header);
        RegistryException rejected = assertThrows(RegistryException.class, () -> limits.check(RequestKind.MANIFEST));
        assertEquals(ErrorCode.UPSTREAM_UNREACHABLE, rejected.code());
        assertEquals(Duration.ofSeconds(seconds), rejected.retryAfter().orElseThrow());
        assertDoesNotThrow(() -> limits.check(RequestKind.BLOB));
    }

    @Test
    void doesNotPauseAfter503WithoutRetryAfter() {
        limits.recordAnswer(RequestKind.MANIFEST, new BasicHttpResponse(503));
        assertDoesNotThrow(() -> limits.check(RequestKind.MANIFEST));
    }

    @Test
    void pausesOneKindOfRequestsOnly() {
        refuse(RequestKind.MANIFEST, "60");
        for (RequestKind other : new RequestKind[] {RequestKind.BLOB, RequestKind.TOKEN, RequestKind.OTHER}) {
            assertDoesNotThrow(() -> limits.check(other));
        }
    }

    @Test
    void longerPauseCounts() {
        refuse(RequestKind.MANIFEST, "60");
        refuse(RequestKind.MANIFEST, "5");
        assertEquals(Duration.ofSeconds(60), left());
        refuse(RequestKind.MANIFEST, "90");
        assertEquals(Duration.ofSeconds(90), left());
    }

    @Test
    void exhaustedLimitDoesNotPauseMisses() {
        limits.recordAnswer(RequestKind.MANIFEST, remaining("0;w=21600"));
        assertDoesNotThrow(() -> limits.check(RequestKind.MANIFEST));
    }

    @Test
    void warnsOnceOfExhaustedLimit() {
        try (LogLines log = LogLines.of("io.ociregistry.upstream.health.RateLimits")) {
            for (String left : new String[] {"2;w=21600", "0;w=21600", "0;w=21600", "0", "100", "0;w=21600"}) {
                limits.recordAnswer(RequestKind.OTHER, remaining(left));
            }
            assertEquals(
                    List.of("DEBUG", "WARN", "DEBUG", "DEBUG", "DEBUG", "WARN"),
                    log.text()
                            .lines()
                            .map(line -> line.substring(0, line.indexOf(' ')))
                            .toList());
            assertTrue(log.text().contains("100;w=21600"), log.text());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ratelimit-remaining, 0;w=21600, 3600",
        "ratelimit-remaining, 0;w=60, 60",
        "RateLimit-Remaining, 0, 3600",
        "X-RateLimit-Remaining, 0, 3600",
        "X-RateLimit-Remaining, 00, 3600",
        "RateLimit-Remaining, '0, 0;w=60', 60",
    })
    void doesNotRevalidateWithoutRemainingRequests(String name, String value, long seconds) {
        HttpResponse answer = new BasicHttpResponse(200);
        answer.setHeader(name, value);
        limits.recordAnswer(RequestKind.MANIFEST, answer);
        assertEquals(Duration.ofSeconds(seconds), leftOfWindow());
        for (RequestKind miss : new RequestKind[] {RequestKind.MANIFEST, RequestKind.BLOB, RequestKind.OTHER}) {
            assertDoesNotThrow(() -> limits.check(miss));
        }
        now += Duration.ofSeconds(seconds).toNanos();
        assertDoesNotThrow(() -> limits.check(RequestKind.REVALIDATION));
    }

    @ParameterizedTest
    @CsvSource({"20", "100000000", "20;w=21600", "none", "''"})
    void revalidatesWithRemainingRequests(String left) {
        limits.recordAnswer(RequestKind.MANIFEST, remaining("0;w=21600"));
        limits.recordAnswer(RequestKind.MANIFEST, remaining(left));
        assertDoesNotThrow(() -> limits.check(RequestKind.REVALIDATION));
    }

    @ParameterizedTest
    @CsvSource({
        "RateLimit-Reset, 90, 90",
        "X-RateLimit-Reset, 1000000090, 90",
        "RateLimit-Reset, 7200, 7200",
        "RateLimit-Reset, 86400, 21600",
        "X-RateLimit-Reset, 1999999999, 21600",
        "X-RateLimit-Reset, 999999999, 21600",
        "RateLimit-Reset, soon, 3600",
    })
    void windowEndsAtReset(String name, String value, long seconds) {
        HttpResponse answer = remaining("0;w=21600");
        answer.setHeader("Date", "Sun, 09 Sep 2001 01:46:40 GMT"); // second 1,000,000,000
        answer.setHeader(name, value);
        limits.recordAnswer(RequestKind.OTHER, answer);
        assertEquals(Duration.ofSeconds(seconds), leftOfWindow());
    }

    @Test
    void furtherAnswersDoNotExtendTheWindow() {
        limits.recordAnswer(RequestKind.MANIFEST, remaining("0;w=21600"));
        now += Duration.ofMinutes(50).toNanos();
        limits.recordAnswer(RequestKind.MANIFEST, remaining("0;w=21600"));
        assertEquals(Duration.ofMinutes(10), leftOfWindow());
    }

    @Test
    void tokensAndBlobsHaveLimitsOfTheirOwn() {
        limits.recordAnswer(RequestKind.TOKEN, remaining("0"));
        limits.recordAnswer(RequestKind.BLOB, remaining("0"));
        assertDoesNotThrow(() -> limits.check(RequestKind.REVALIDATION));
    }

    @Test
    void doesNotRevalidateWhileHeadsAreRefused() {
        refuse(RequestKind.OTHER, "60");
        assertEquals(Duration.ofSeconds(60), leftOfWindow());
    }

    @Test
    void windowEndsAtRetryAfterOfRefusal() {
        HttpResponse refusal = remaining("0;w=21600");
        refusal.setCode(429);
        refusal.setHeader("Retry-After", "60");
        limits.recordAnswer(RequestKind.MANIFEST, refusal);
        assertEquals(Duration.ofSeconds(60), leftOfWindow());
    }

    private Duration leftOfWindow() {
        RegistryException rejected =
                assertThrows(RegistryException.class, () -> limits.check(RequestKind.REVALIDATION));
        assertEquals(ErrorCode.TOO_MANY_REQUESTS, rejected.code());
        return rejected.retryAfter().orElseThrow();
    }

    private static HttpResponse remaining(String left) {
        HttpResponse answer = new BasicHttpResponse(200);
        answer.setHeader("ratelimit-limit", "100;w=21600");
        answer.setHeader("ratelimit-remaining", left);
        return answer;
    }

    private void refuse(RequestKind kind, String retryAfter) {
        answer(429, kind, retryAfter);
    }

    private void answer(int status, RequestKind kind, String retryAfter) {
        HttpResponse refusal = new BasicHttpResponse(status);
        refusal.setHeader("Retry-After", retryAfter);
        limits.recordAnswer(kind, refusal);
    }

    private Duration left() {
        RegistryException rejected = assertThrows(RegistryException.class, () -> limits.check(RequestKind.MANIFEST));
        assertEquals(ErrorCode.TOO_MANY_REQUESTS, rejected.code());
        return rejected.retryAfter().orElseThrow();
    }
}
