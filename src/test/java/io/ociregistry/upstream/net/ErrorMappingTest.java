package io.ociregistry.upstream.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.address.Origin;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.apache.hc.core5.http.message.BasicHttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorMappingTest {
    @ParameterizedTest
    @CsvSource({
        "404, MANIFEST_UNKNOWN",
        "401, DENIED",
        "403, DENIED",
        "429, TOO_MANY_REQUESTS",
        "400, UPSTREAM_BAD_ANSWER",
        "405, UPSTREAM_BAD_ANSWER",
        "416, UPSTREAM_BAD_ANSWER",
        "500, UPSTREAM_BAD_ANSWER",
        "503, UPSTREAM_BAD_ANSWER",
        "204, UPSTREAM_BAD_ANSWER",
        "304, UPSTREAM_BAD_ANSWER",
    })
    void statusMapsToErrorCode(int status, ErrorCode code) {
        RegistryException failure = ErrorMapping.of("GET x", new BasicHttpResponse(status), ErrorCode.MANIFEST_UNKNOWN);
        assertEquals(code, failure.code());
        assertTrue(failure.getMessage().startsWith("GET x: upstream answered " + status), failure.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "0, PT0S",
        "7, PT7S",
        "' 7 ', PT7S",
        "3600, PT1H",
        "21600, PT6H",
        "21601, PT6H",
        "999999999, PT6H",
        "99999999999999999999999, PT6H",
        "-5, PT1M",
        "1.5, PT1M",
        "soon, PT1M",
        "'', PT1M",
        "'Fri, 31 Dec 9999 23:59:59 GMT', PT6H",
        "'Wed, 21 Oct 2015 07:28:00 GMT', PT1M",
        "'Wed, 99 Oct 2015 07:28:00 GMT', PT1M",
        "٣, PT1M",
    })
    void retryAfterIsLimited(String header, Duration wait) {
        assertEquals(wait, retryAfter(header));
    }

    @Test
    void retryAfterMayBeADate() {
        String inAnHour = DateTimeFormatter.RFC_1123_DATE_TIME.format(
                ZonedDateTime.now(ZoneOffset.UTC).plusHours(1));
        Duration wait = retryAfter(inAnHour);
        assertTrue(wait.compareTo(Duration.ofMinutes(59)) > 0 && wait.compareTo(Duration.ofHours(1)) <= 0, wait + "");
    }

    @ParameterizedTest
    @CsvSource({"'Mon, 01 Jan 1990 00:02:00 GMT', PT2M", "'Sun, 31 Dec 1989 00:00:00 GMT', PT1M"})
    void retryAfterDateCountsFromTheDateOfTheAnswer(String header, Duration wait) {
        BasicHttpResponse limited = new BasicHttpResponse(429);
        limited.addHeader("Date", "Mon, 01 Jan 1990 00:00:00 GMT");
        limited.addHeader("Retry-After", header);
        assertEquals(wait, ErrorMapping.retryAfter(limited));
    }

    @Test
    void rateLimitResetAppliesWithoutRetryAfter() {
        BasicHttpResponse limited = new BasicHttpResponse(429);
        limited.addHeader("Date", "Sun, 09 Sep 2001 01:46:40 GMT"); // second 1,000,000,000
        limited.addHeader("X-RateLimit-Reset", "1000000120");
        assertEquals(Duration.ofMinutes(2), ErrorMapping.retryAfter(limited));
        limited.addHeader("Retry-After", "30");
        assertEquals(Duration.ofSeconds(30), ErrorMapping.retryAfter(limited));
    }

    @Test
    void defaultWaitIsAMinute() {
        RegistryException limited = ErrorMapping.of("GET x", new BasicHttpResponse(429), ErrorCode.BLOB_UNKNOWN);
        assertEquals(Duration.ofMinutes(1), limited.retryAfter().orElseThrow());
    }

    private static Duration retryAfter(String header) {
        BasicHttpResponse limited = new BasicHttpResponse(429);
        limited.addHeader("Retry-After", header);
        return ErrorMapping.of("GET x", limited, ErrorCode.BLOB_UNKNOWN)
                .retryAfter()
                .orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        "(bad_certificate) Received fatal alert: bad_certificate, true",
        "(certificate_required) Received fatal alert: certificate_required, true",
        "Received fatal alert: certificate_unknown, true",
        "Received fatal alert: unknown_ca, true",
        "Received fatal alert: handshake_failure, false",
        "the certificate of CN=x was issued by CN=y, false",
    })
    void certificateAlertNamesTheClientCertificateSettings(String said, boolean ofOurs) {
        RegistryException failure =
                ErrorMapping.of("GET x", new Origin("https", "r.example", 443), new SSLHandshakeException(said));
        assertEquals(ErrorCode.UPSTREAM_UNREACHABLE, failure.code());
        assertTrue(failure.getMessage().startsWith("GET x: no TLS connection to https://r.example: " + said));
        assertEquals(ofOurs, failure.getMessage().contains("tls.cert and tls.key"), failure.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Unsupported or unrecognized SSL message | ; does that port use TLS?",
                "Unrecognized SSL message, plaintext connection? | ; does that port use TLS?",
                "Remote host terminated the handshake | ''",
            })
    void tlsFailureContainsAdvice(String said, String advice) {
        Origin origin = new Origin("https", "r.example", 443);
        RegistryException failure = ErrorMapping.of("GET manifest", origin, new SSLException(said));
        assertEquals("GET manifest: no TLS connection to https://r.example: " + said + advice, failure.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"http, 400, true", "https, 400, false", "http, 404, false"})
    void status400WithoutTlsSuggestsHttps(String scheme, int status, boolean hint) {
        RegistryException failure = ErrorMapping.of(
                "GET x",
                new Origin(scheme, "r.example", 5000),
                new BasicHttpResponse(status),
                ErrorCode.MANIFEST_UNKNOWN);
        assertEquals(
                hint,
                failure.getMessage()
                        .contains("http://r.example:5000 answered 400; if that port uses TLS, its URL must start with"
                                + " https://"));
        assertEquals(status == 404, failure.code() == ErrorCode.MANIFEST_UNKNOWN);
    }
}
