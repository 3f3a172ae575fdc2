package io.ociregistry.web.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.anyString;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.ociregistry.access.AdminToken;
import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.model.AdminConfig;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Uses mocked requests, because the peer of a real one is always this machine. */
class AdminAccessTest {
    private static final AdminConfig TRUSTING = config("enabled: true, trustLoopback: true");
    private static final AdminConfig TOKEN = config("token: correct-horse-battery");
    private static final AdminConfig TRUSTING_WITH_TOKEN = config("token: correct-horse-battery, trustLoopback: true");
    private static final AdminToken NONE = AdminToken.none("the test has none");

    @TempDir
    Path dir;

    @ParameterizedTest(name = "{0} as {1}, {2}: {3}")
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                // peer | Host | header | reason of the refusal
                "127.0.0.1 | localhost:8080 | - | -",
                "127.0.0.1 | localhost | - | -",
                "127.0.0.1 | LOCALHOST:8080 | - | -",
                "127.0.0.1 | 127.0.0.1:8080 | - | -",
                "127.8.8.8 | 127.8.8.8 | - | -",
                "0:0:0:0:0:0:0:1 | [::1]:8080 | - | -",
                "0:0:0:0:0:0:0:1%lo | [::1]:8080 | - | -",
                "::ffff:127.0.0.1 | localhost | - | -",
                "127.0.0.1 | localhost:8080 | Origin: http://localhost:8080 | -",
                "127.0.0.1 | localhost:8080 | Sec-Fetch-Site: same-origin | -",
                "127.0.0.1 | localhost:8080 | Sec-Fetch-Site: none | -",
                "127.0.0.1 | localhost:8080 | Authorization: Basic eDp5 | -",
                // Another machine, with any Host.
                "10.0.0.5 | localhost:8080 | - | another machine",
                "fe80:0:0:0:1:2:3:4%eth0 | localhost:8080 | - | another machine",
                "0.0.0.0 | localhost:8080 | - | another machine",
                "unknown | localhost:8080 | - | another machine",
                "localhost | localhost:8080 | - | another machine",
                // A foreign name that resolves to this machine.
                "127.0.0.1 | evil.example:8080 | - | not addressed to localhost",
                "127.0.0.1 | localhost.evil.example | - | not addressed to localhost",
                "127.0.0.1 | 127.0.0.1.evil.example | - | not addressed to localhost",
                "127.0.0.1 | evil.example@localhost | - | not addressed to localhost",
                "127.0.0.1 | 10.0.0.5:8080 | - | not addressed to localhost",
                "127.0.0.1 | 0.0.0.0:8080 | - | not addressed to localhost",
                "127.0.0.1 | - | - | not addressed to localhost",
                // A page of another site in a browser on this machine.
                "127.0.0.1 | localhost:8080 | Origin: http://evil.example | another site",
                "127.0.0.1 | localhost:8080 | Origin: null | another site",
                "127.0.0.1 | localhost:8080 | Origin: http://localhost:3000 | another site",
                "127.0.0.1 | localhost:8080 | Origin: https://localhost:8080 | another site",
                "127.0.0.1 | localhost:8080 | Sec-Fetch-Site: cross-site | another site",
                "127.0.0.1 | localhost:8080 | Sec-Fetch-Site: same-site | another site",
                // A proxy on this machine.
                "127.0.0.1 | localhost:8080 | X-Forwarded-For: 127.0.0.1 | forwarded (X-Forwarded-For)",
                "127.0.0.1 | localhost:8080 | x-forwarded-proto: https | forwarded (x-forwarded-proto)",
                "127.0.0.1 | localhost:8080 | X-Forwarded-Anything: x | forwarded (X-Forwarded-Anything)",
                "127.0.0.1 | localhost:8080 | Forwarded: for=127.0.0.1 | forwarded (Forwarded)",
                "127.0.0.1 | localhost:8080 | X-Real-IP: 127.0.0.1 | forwarded (X-Real-IP)",
                "127.0.0.1 | localhost:8080 | Via: 1.1 squid | forwarded (Via)",
                // A token, although the server has none.
                "127.0.0.1 | localhost:8080 | Authorization: Bearer correct-horse-battery | the token is wrong",
                "127.0.0.1 | localhost:8080 | Authorization: Bearer | the token is wrong",
            })
    void trustLoopbackAdmitsOnlyProgramsOnThisMachine(String peer, String host, String header, String why) {
        assertEquals(
                Optional.ofNullable(why),
                objection(TRUSTING, peer, host, header).map(message -> contains(message, why)));
    }

    @ParameterizedTest(name = "{0} as {1}, {2}: {3}, {4}")
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                // peer | Host | header | reason of the refusal | reason with trustLoopback
                "10.0.0.5 | cache.example | Authorization: Bearer correct-horse-battery | - | -",
                "10.0.0.5 | cache.example | Authorization: bearer correct-horse-battery | - | -",
                "10.0.0.5 | cache.example | X-Forwarded-For: 10.0.0.6 | has no token | another machine",
                "127.0.0.1 | localhost | - | has no token | -",
                "0:0:0:0:0:0:0:1 | [::1]:8080 | - | has no token | -",
                "127.0.0.1 | localhost | Authorization: Basic eDp5 | has no token | -",
                "10.0.0.5 | x | Authorization: Bearer correct-horse-batterx | the token is wrong | the token is wrong",
                "10.0.0.5 | x | Authorization: Bearer correct-horse | the token is wrong | the token is wrong",
                "10.0.0.5 | x | Authorization: Basic correct-horse-battery | has no token | another machine",
                "127.0.0.1 | localhost | Authorization: Bearer wrong | the token is wrong | the token is wrong",
                "127.0.0.1 | localhost | Authorization: Bearer | the token is wrong | the token is wrong",
            })
    void tokenDecides(String peer, String host, String header, String why, String whyIfTrusting) {
        assertEquals(
                Optional.ofNullable(why), objection(TOKEN, peer, host, header).map(message -> contains(message, why)));
        assertEquals(
                Optional.ofNullable(whyIfTrusting),
                objection(TRUSTING_WITH_TOKEN, peer, host, header).map(message -> contains(message, whyIfTrusting)));
    }

    @Test
    void disabledApiAnswersNotFoundEvenWithToken() {
        AdminAccess access =
                new AdminAccess(config("enabled: false, token: correct-horse-battery"), NONE, OptionalInt.empty());
        for (String header : List.of("Accept: */*", "Authorization: Bearer correct-horse-battery")) {
            var refused = assertThrows(
                    RegistryException.class, () -> access.check(request("127.0.0.1", "localhost", header)));
            assertEquals(ErrorCode.PATH_UNKNOWN, refused.code());
            assertTrue(refused.getMessage().contains("admin.enabled: false"), refused.getMessage());
        }
    }

    @Test
    void tokenFileMayBeMissingAtFirst() throws Exception {
        Path file = dir.resolve("token");
        AdminAccess access = access(config("tokenFile: '" + file + "'"));
        String bearer = "Authorization: Bearer of-the-file-16-and-more";
        assertTrue(objection(access, "10.0.0.5", "x", bearer).isPresent());
        Files.writeString(file, "of-the-file-16-and-more\n");
        assertFalse(objection(access, "10.0.0.5", "x", bearer).isPresent());
    }

    /** The server does not know the scheme that its clients use, for example behind a proxy with TLS. */
    @ParameterizedTest
    @ValueSource(strings = {"token: correct-horse-battery", "tokenFile: /token"})
    void refusalGivesNoUrlWhoseSchemeMayBeWrong(String admin) {
        String message = objection(access(config(admin)), "10.0.0.5", "cache.example:8443", "X: y")
                .orElseThrow();
        assertFalse(message.contains("http:") || message.contains("localhost"), message);
    }

    @Test
    void refusalSaysWhatToDoAndHidesTheToken() {
        String message = objection(TOKEN, "10.0.0.5", "cache.example", "Authorization: Bearer wrong")
                .orElseThrow();
        assertTrue(message.contains("Authorization: Bearer TOKEN"), message);
        assertTrue(message.contains("admin.token"), message);
        assertFalse(message.contains("horse"), message);
    }

    @Test
    void valveThatReadsThePeerFromAHeaderCountsAsProxy() {
        HttpServletRequest request = request("127.0.0.1", "localhost", null);
        when(request.getAttribute("org.apache.catalina.AccessLog.RemoteAddr")).thenReturn("127.0.0.1");
        assertTrue(objection(access(TRUSTING), request).orElseThrow().contains("forwarded"));
    }

    private static AdminConfig config(String section) {
        try {
            return new ConfigLoader(name -> Optional.empty())
                    .parse("admin: {" + section + "}\n", "test", Overrides.none())
                    .config()
                    .admin();
        } catch (ConfigException e) {
            throw new AssertionError(e);
        }
    }

    private static AdminAccess access(AdminConfig config) {
        return new AdminAccess(config, config.hasToken() ? AdminToken.of(config) : NONE, OptionalInt.empty());
    }

    private static String contains(String message, String part) {
        return part != null && message.contains(part) ? part : message;
    }

    private static Optional<String> objection(AdminConfig config, String peer, String host, String header) {
        return objection(access(config), peer, host, header);
    }

    private static Optional<String> objection(AdminAccess access, String peer, String host, String header) {
        return objection(access, request(peer, host, header));
    }

    private static Optional<String> objection(AdminAccess access, HttpServletRequest request) {
        try {
            access.check(request);
            return Optional.empty();
        } catch (RegistryException e) {
            assertEquals(ErrorCode.DENIED, e.code());
            return Optional.of(e.getMessage());
        }
    }

    private static HttpServletRequest request(String peer, String host, String header) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        if (host != null) {
            headers.put("Host", host);
        }
        if (header != null) {
            String[] field = header.split(":", 2);
            headers.put(field[0], field[1].stripLeading().equals("Bearer") ? "Bearer " : field[1].strip());
        }
        HttpServletRequest request = mock(HttpServletRequest.class);
        when(request.getRemoteAddr()).thenReturn(peer);
        when(request.getScheme()).thenReturn("http");
        when(request.getLocalPort()).thenReturn(8080);
        when(request.getRequestURI()).thenReturn("/cmd/stop");
        when(request.getHeaderNames()).thenAnswer(call -> Collections.enumeration(headers.keySet()));
        when(request.getHeader(anyString()))
                .thenAnswer(
                        call -> headers.get(call.getArgument(0, String.class).toLowerCase(Locale.ROOT)));
        return request;
    }
}
