package io.ociregistry.upstream;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.LogLines;
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
    private final RateLimits limits = new RateLimits(Origin.of(URI.create("https://r.example")), () -> now);

    @ParameterizedTest
    @CsvSource({"60,60", "1,1", "0,1", "-5,60", "soon,60", "9999999999,21600"})
    void aRefusalIsRememberedForAsLongAsItSays(String told, long seconds) {
        refuse(RequestKind.MANIFEST, told);
        assertEquals(Duration.ofSeconds(seconds), left());
        now += Duration.ofSeconds(seconds).toNanos() - 1;
        assertEquals(Duration.ofNanos(1), left());
        now += 1;
        assertDoesNotThrow(() -> limits.check(RequestKind.MANIFEST));
    }

    @Test
    void whatIsToldIsAMinute_whereNothingIsTold() {
        limits.answered(RequestKind.MANIFEST, new BasicHttpResponse(429));
        assertEquals(Duration.ofSeconds(60), left());
    }

    @ParameterizedTest
    @CsvSource({"60,60", "0,1", "soon,60", "86400,600"})
    void anOutageThatTellsItsEndIsRemembered_forTenMinutesAtMost(String told, long seconds) {
        answer(503, RequestKind.MANIFEST, told);
        RegistryException known = assertThrows(RegistryException.class, () -> limits.check(RequestKind.MANIFEST));
        assertEquals(ErrorCode.UPSTREAM_UNREACHABLE, known.code());
        assertEquals(Duration.ofSeconds(seconds), known.retryAfter().orElseThrow());
        assertDoesNotThrow(() -> limits.check(RequestKind.BLOB));
    }

    @Test
    void anOutageThatTellsNothingIsTheBreakersBusiness() {
        limits.answered(RequestKind.MANIFEST, new BasicHttpResponse(503));
        assertDoesNotThrow(() -> limits.check(RequestKind.MANIFEST));
    }

    @Test
    void oneKindOfRequestsSaysNothingAboutTheOthers() {
        refuse(RequestKind.MANIFEST, "60");
        for (RequestKind other : new RequestKind[] {RequestKind.BLOB, RequestKind.TOKEN, RequestKind.OTHER}) {
            assertDoesNotThrow(() -> limits.check(other));
        }
    }

    @Test
    void ofTwoRefusalsTheLongerOneCounts() {
        refuse(RequestKind.MANIFEST, "60");
        refuse(RequestKind.MANIFEST, "5");
        assertEquals(Duration.ofSeconds(60), left());
        refuse(RequestKind.MANIFEST, "90");
        assertEquals(Duration.ofSeconds(90), left());
    }

    @Test
    void theLastRequestThatIsAllowedIsASuccess_notARefusal() {
        limits.answered(RequestKind.MANIFEST, remaining("0;w=21600"));
        assertDoesNotThrow(() -> limits.check(RequestKind.MANIFEST));
    }

    @Test
    void thatNothingRemainsIsWarnedOfOnce_notWithEveryAnswerThatSaysSo() {
        try (LogLines log = LogLines.of("io.ociregistry.upstream.RateLimits")) {
            for (String left : new String[] {"2;w=21600", "0;w=21600", "0;w=21600", "0", "100", "0;w=21600"}) {
                limits.answered(RequestKind.OTHER, remaining(left));
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
        limits.answered(kind, refusal);
    }

    private Duration left() {
        RegistryException known = assertThrows(RegistryException.class, () -> limits.check(RequestKind.MANIFEST));
        assertEquals(ErrorCode.TOO_MANY_REQUESTS, known.code());
        return known.retryAfter().orElseThrow();
    }
}
