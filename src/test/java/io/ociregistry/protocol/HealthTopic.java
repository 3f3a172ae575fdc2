package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The base endpoint {@code /v2/} and the health endpoints. */
abstract class HealthTopic extends Topic {
    @ParameterizedTest
    @ValueSource(strings = {"/v2/", "/v2"})
    void baseEndpointConfirmsProtocol(String path) throws IOException {
        Response answer = get(path);
        assertEquals(200, answer.status());
        assertEquals("{}", answer.text());
        assertHeader("application/json", answer, "Content-Type");
        assertHeader("2", answer, "Content-Length");
        assertHeader("registry/2.0", answer, "Docker-Distribution-Api-Version");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v2/", "/v2"})
    void headOfBaseEndpointHasNoBody(String path) throws IOException {
        assertHeadAndNothingElse(path);
    }

    @Test
    void baseEndpointAcceptsNamespace() throws IOException {
        assertEquals(200, get("/v2/?ns=docker.io").status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/livez", "/readyz", "/health"})
    void healthNeedsNoUpstream(String path) throws IOException {
        Stage.Spare untouched = stage().spare();
        assertEquals(200, get(path).status());
        assertEquals(0, untouched.upstream().connections());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/livez", "/readyz", "/health"})
    void healthAnswersHead(String path) throws IOException {
        assertHeadAndNothingElse(path);
    }

    /** Sends a second request on the connection, which fails if HEAD has sent a body. */
    private void assertHeadAndNothingElse(String path) throws IOException {
        try (var http = connect()) {
            assertEquals(200, http.send("HEAD", path).status());
            Response next = http.send("GET", "/v2/");
            assertEquals(200, next.status());
            assertEquals("{}", next.text());
        }
    }
}
