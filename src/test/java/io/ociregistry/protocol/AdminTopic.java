package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The admin API. */
abstract class AdminTopic extends Topic {
    private static final String NONE = "no manifests found\n";
    private static final String TIME = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d";

    @Test
    void manifestListHasFormatOfGoProgram() throws IOException {
        FakeImage image = cached();
        Response answer = operator().get("/cmd/manifest/list?pattern=" + image.repository());
        assertEquals(200, answer.status());
        assertHeader("text/plain;charset=utf-8", answer, "Content-Type");
        assertHeader("no-store", answer, "Cache-Control");
        String text = answer.text();
        assertTrue(
                text.matches("URL DIGEST CREATED PULLED\n\\Qdocker.io/" + image.repository() + "\\E:1 "
                        + image.digest().hex() + "  " + TIME + " " + TIME + "\n"),
                text);
        assertEquals(
                NONE,
                operator().get("/cmd/manifest/list?pattern=not-in-the-cache").text());
        assertEquals(NONE, operator().get("/cmd/manifest/list?count=0").text());
    }

    @Test
    void imageListShowsBlobsAndFiltersByDigest() throws IOException {
        FakeImage image = cached();
        String rows = "- " + image.layer(0) + "\n- " + image.layer(1) + "\n- "
                + image.config().digest() + "\n";
        assertTrue(operator()
                .get("/cmd/image/list?pattern=" + image.repository())
                .text()
                .endsWith(rows));
        assertTrue(operator()
                .get("/cmd/image/list?digest=" + image.layer(0).hex().substring(3))
                .text()
                .endsWith(rows));
        assertEquals(NONE, operator().get("/cmd/image/list?digest=xyz").text());
    }

    @Test
    void blobListShowsNumberOfManifests() throws IOException {
        FakeImage image = cached();
        String path = "/cmd/blob/list?substr=" + image.layer(0).hex();
        String text = operator().get(path).text();
        // The store commits the file shortly after the server sends the last byte.
        while (text.equals(NONE)) {
            text = operator().get(path).text();
        }
        assertEquals("URL REFCNT\n" + image.layer(0).hex() + " 1\n", text);
    }

    @Test
    void jsonAnswersHaveMoreFields() throws IOException {
        FakeImage image = cached();
        JsonNode list = json("/cmd/manifest/list?pattern=" + image.repository());
        assertEquals(image.digest().toString(), list.path(0).path("digest").asText());
        assertEquals("image", list.path(0).path("type").asText());
        JsonNode status = json("/cmd/status");
        assertTrue(status.path("disk").path("used").asLong() > 0, status::toString);
        assertTrue(status.path("disk").path("free").asLong() > 0, status::toString);
        assertEquals(
                stage().imagePath().toString(), status.path("disk").path("path").asText());
        assertTrue(status.path("cache").path("names").asInt() > 0, status::toString);
        assertTrue(status.path("upstreams").findValuesAsText("registry").contains("docker.io"), status::toString);
    }

    @Test
    void statusIsPlainText() throws IOException {
        Response answer = operator().get("/cmd/status");
        assertEquals(200, answer.status());
        assertTrue(answer.text().startsWith("ociregistry "), answer.text());
        assertTrue(answer.text().contains("\nupstream docker.io: "), answer.text());
        assertEquals(200, operator().ask("HEAD", "/cmd/status").status());
    }

    @Test
    void reloadAppliesAddedRegistry() throws Exception {
        String name = stage().unique() + ".example";
        try (FakeUpstream added = FakeUpstream.start()) {
            FakeImage image = added.image("team/app", "1.0").layer(10).push();
            stage().add(name, added);
            Response answer = operator().ask("POST", "/cmd/reload");
            assertEquals(200, answer.status());
            assertEquals("applied: registries\nwaiting for a restart: nothing\n", answer.text());
            assertArrayEquals(
                    image.manifest(),
                    get("/v2/team/app/manifests/1.0?ns=" + name).body());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /cmd/stop, POST",
        "HEAD, /cmd/stop, POST",
        "GET, /cmd/reload, POST",
        "GET, /cmd/load, POST",
        "GET, /cmd/prune, 'DELETE, POST'",
        "HEAD, /cmd/prune, 'DELETE, POST'",
        "POST, /cmd/status, 'GET, HEAD'",
        "DELETE, /cmd/manifest/list, 'GET, HEAD'"
    })
    void wrongMethodIsRejectedWithAllow(String method, String path, String allowed) throws IOException {
        Response answer = operator().ask(method, path);
        assertEquals(405, answer.status());
        assertHeader(allowed, answer, "Allow");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/cmd/manifest/list?pattern=a(",
                "/cmd/manifest/list?pattern=a,",
                "/cmd/manifest/list?count=x",
                "/cmd/blob/list?count=-2"
            })
    void invalidParametersAreRejected(String path) throws IOException {
        Response answer = operator().get(path);
        assertError(400, "UNSUPPORTED", answer);
        assertTrue(message(answer).startsWith("invalid parameters: "), message(answer));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/cmd/", "/cmd/x", "/cmd/status/", "/cmd/status/x"})
    void unknownPathIsNotFound(String path) throws IOException {
        Response answer = operator().get(path);
        assertError(404, "UNSUPPORTED", answer);
        assertTrue(message(answer).contains("/cmd/status"), message(answer));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Accept: text/plain",
                "Origin: http://evil.example",
                "X-Forwarded-For: 127.0.0.1",
                "Forwarded: for=127.0.0.1",
                "Authorization: Basic b3BlcmF0b3I6",
                "Authorization: Bearer 0123456789abcdef"
            })
    void requestFromLoopbackWithoutTokenIsDenied(String header) throws IOException {
        for (String method : List.of("GET", "HEAD", "POST", "DELETE", "PUT", "OPTIONS")) {
            for (String path : List.of("/cmd/status", "/cmd/prune", "/cmd/stop", "/cmd/", "/cmd/x", "/cmd/x?y")) {
                Response answer = RawHttp.exchange(stage().base(), method, path, header);
                assertEquals(403, answer.status(), method + " " + path);
            }
        }
        Response answer = get("/cmd/status", header);
        assertError(403, "DENIED", answer);
        assertTrue(message(answer).contains("Authorization: Bearer TOKEN"), message(answer));
        assertTrue(message(answer).contains("admin-token"), message(answer));
    }

    @Test
    void tokenIsAcceptedFromEverywhere() throws IOException {
        assertEquals(
                200,
                operator()
                        .get("/cmd/status", "X-Forwarded-For: 192.0.2.1", "Origin: http://evil.example")
                        .status());
    }

    @Test
    void tokenFileIsReadableOnlyByOwner() throws IOException {
        Path file = stage().imagePath().resolve("admin-token");
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }

    private FakeImage cached() throws IOException {
        FakeImage image = push(hub(), unique() + "/app");
        assertEquals(
                200, get(manifestPath(image.repository(), "1", "docker.io")).status());
        assertEquals(
                200,
                get(blobPath(image.repository(), image.layer(0), "docker.io")).status());
        return image;
    }

    private JsonNode json(String path) throws IOException {
        Response answer = operator().get(path, "Accept: application/json");
        assertEquals(200, answer.status());
        assertHeader("application/json", answer, "Content-Type");
        return JsonMapper.builder().build().readTree(answer.body());
    }
}
