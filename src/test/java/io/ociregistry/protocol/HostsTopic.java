package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The file {@code /hosts.toml} for containerd. */
abstract class HostsTopic extends Topic {
    private static final TomlMapper TOML = new TomlMapper();

    @Test
    void fileHasAddressOfRequest() throws IOException {
        Response answer = get("/hosts.toml");
        assertEquals(200, answer.status(), answer::toString);
        assertHeader("application/toml", answer, "Content-Type");
        assertHeader("no-store", answer, "Cache-Control");
        JsonNode file = TOML.readTree(answer.text());
        JsonNode host = file.path("host").path(stage().base().toString());
        assertEquals("[\"pull\",\"resolve\"]", host.path("capabilities").toString(), answer::toString);
        assertEquals("2s", host.path("dial_timeout").asText());
        assertFalse(host.has("ca"));
        assertFalse(file.has("server"));
    }

    @ParameterizedTest
    @CsvSource({
        "cache.example, http://cache.example",
        "cache.example:80, http://cache.example",
        "cache.example:8080, http://cache.example:8080",
        "[2001:db8::1]:8080, http://[2001:db8::1]:8080",
    })
    void hostOfRequestIsAddress(String host, String expected) throws IOException {
        String context = stage().base().getPath();
        assertHost(expected + context, withHost(host, "/hosts.toml"));
    }

    @ParameterizedTest
    @CsvSource({
        "quay.io, https://quay.io",
        "docker.io, https://registry-1.docker.io",
        "index.docker.io, https://registry-1.docker.io",
        "registry.local:5000, https://registry.local:5000",
    })
    void namedRegistryHasItsOwnServer(String registry, String expected) throws IOException {
        Response answer = get("/hosts.toml?registry=" + registry);
        assertEquals(expected, TOML.readTree(answer.text()).path("server").asText(), answer::toString);
        assertHost(stage().base().toString(), answer);
    }

    @Test
    void parameterGivesAddressAndCertificates() throws IOException {
        Response answer = get("/hosts.toml?server=https%3A%2F%2Fcache.example%2F&ca=/etc/cache.pem");
        JsonNode host = TOML.readTree(answer.text()).path("host").path("https://cache.example");
        assertEquals("/etc/cache.pem", host.path("ca").asText(), answer::toString);
    }

    @Test
    void serverWithTlsHasPlaceOfCertificates() throws IOException {
        Response answer = get("/hosts.toml?server=https://cache.example");
        assertHost("https://cache.example", answer);
        assertTrue(answer.text().contains("\n  # ca = \"/"), answer::toString);
    }

    @Test
    void headersOfUntrustedProxyDoNotGiveAddress() throws IOException {
        for (String header : new String[] {"X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example"}) {
            Response answer = get("/hosts.toml", header);
            assertError(400, "UNSUPPORTED", answer);
            assertTrue(message(answer).contains("?server="), message(answer));
            assertHost("https://c.example", get("/hosts.toml?server=https://c.example", header));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "server=cache.example",
                "server=ftp://cache.example",
                "server=http://user:secret@cache.example",
                "server=http://cache.example\"]\nskip_verify = true #",
                "server=http://cache.example:99999",
                "server=http://cache.example?a=b",
                "server=",
                "registry=quay.io\"\nserver = \"http://evil.example",
                "registry=quay.io/team",
                "registry=*.corp.example",
                "registry=_default",
                "registry=",
                "server=https://cache.example&ca=cache.pem",
                "server=https://cache.example&ca=/etc/\"cache.pem",
                "server=http://cache.example&ca=/etc/cache.pem",
                "registy=quay.io",
                "registry=quay.io&registry=ghcr.io",
            })
    void malformedParameterIsRefused(String query) throws IOException {
        StringBuilder encoded = new StringBuilder();
        for (String parameter : query.split("&", -1)) {
            String[] pair = parameter.split("=", 2);
            encoded.append(encoded.isEmpty() ? "?" : "&")
                    .append(pair[0] + "=" + URLEncoder.encode(pair[1], StandardCharsets.UTF_8));
        }
        assertError(400, "UNSUPPORTED", get("/hosts.toml" + encoded));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cache.example\"]", "a b", "cache.example/x", "user@cache.example"})
    void malformedHostGivesNoFile(String host) throws IOException {
        assertEquals(400, withHost(host, "/hosts.toml").status());
    }

    @Test
    void fileAcceptsGetAndHeadOnly() throws IOException {
        assertEquals(200, head("/hosts.toml").status());
        Response answer = RawHttp.exchange(stage().base(), "POST", "/hosts.toml");
        assertEquals(405, answer.status());
        assertHeader("GET, HEAD", answer, "Allow");
    }

    private static void assertHost(String expected, Response answer) throws IOException {
        assertEquals(200, answer.status(), answer::toString);
        JsonNode hosts = TOML.readTree(answer.text()).path("host");
        assertEquals(1, hosts.size(), answer::toString);
        assertTrue(hosts.has(expected), answer::toString);
    }

    private Response withHost(String host, String path) throws IOException {
        try (RawHttp http = connect()) {
            String context = stage().base().getPath();
            String request = "GET %s%s HTTP/1.1\r\nHost: %s\r\n\r\n".formatted(context, path, host);
            Response answer = http.sendRaw(request, false);
            answer.body();
            return answer;
        }
    }
}
