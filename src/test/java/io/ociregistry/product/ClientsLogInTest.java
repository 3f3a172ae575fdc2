package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Serves only clients that show the credentials of a configured account. */
@Timeout(60)
class ClientsLogInTest {
    private static final String PASSWORD = "geheimes Passwort";
    private static final String TOKEN = "geheimer.Token";

    private final FakeUpstream upstream = FakeUpstream.start();
    private final LogLines log = LogLines.of("io.ociregistry");

    @TempDir
    Path dir;

    private FakeImage image;
    private RunningRegistry registry;
    private URI base;

    @BeforeEach
    void start() throws Exception {
        image = upstream.image("team/app", "1").layer(100_000).push();
        Path users = Files.writeString(
                dir.resolve("htpasswd"),
                "node:" + OpenBSDBCrypt.generate("2y", PASSWORD.toCharArray(), new byte[16], 8) + "\n");
        registry = RunningRegistry.start(
                """
                clients:
                  htpasswd: '%s'
                  token: %s
                registries:
                - name: r.example
                  endpoint: %s
                """.formatted(users, TOKEN, upstream.url()), Files.createDirectory(dir.resolve("images")));
        base = registry.base();
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
        log.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v2/",
                "/v2",
                "/v2/team/app/manifests/1?ns=r.example",
                "/v2/team/app/tags/list?ns=r.example",
                "/v2/team/app/nothing/at/all",
                "/v2/_catalog"
            })
    void requestWithoutCredentialsIsRefused(String path) throws IOException {
        Response refused = RawHttp.get(base, path);
        assertEquals(401, refused.status());
        assertEquals("Basic realm=\"ociregistry\"", refused.header("WWW-Authenticate"));
        assertEquals("registry/2.0", refused.header("Docker-Distribution-Api-Version"));
        assertEquals("application/json", refused.header("Content-Type"));
        assertEquals(
                "{\"errors\":[{\"code\":\"UNAUTHORIZED\","
                        + "\"message\":\"this registry requires its clients to log in\"}]}",
                refused.text());
        assertEquals(401, RawHttp.head(base, path).status());
        assertEquals(401, RawHttp.exchange(base, "DELETE", path).status());
        assertEquals(0, upstream.requests().size());
    }

    /** Podman and skopeo send an empty name with an empty password if they have no credentials. */
    @Test
    void emptyCredentialsOfPodmanCountAsNone() throws IOException {
        String nothing = "Authorization: Basic Og==";
        assertTrue(RawHttp.get(base, "/v2/", nothing).text().contains("requires its clients to log in"));
        assertTrue(RawHttp.get(base, "/v2/", basic("wrong")).text().contains("does not accept this password"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/livez", "/readyz", "/health"})
    void healthNeedsNoCredentials(String path) throws IOException {
        assertEquals(200, RawHttp.get(base, path).status());
    }

    @Test
    void dockerLogsInAndPulls() throws IOException {
        Response asked = RawHttp.get(base, "/v2/");
        assertTrue(asked.header("WWW-Authenticate").startsWith("Basic "), asked::toString);
        assertEquals(401, RawHttp.get(base, "/v2/", basic("wrong")).status());
        assertEquals(200, RawHttp.get(base, "/v2/", basic(PASSWORD)).status());
        assertPulls(basic(PASSWORD));
    }

    @Test
    void coldBlobMayBeFirstRequestWithPassword() throws IOException {
        Response blob = RawHttp.get(base, "/v2/team/app/blobs/" + image.layer(0) + "?ns=r.example", basic(PASSWORD));
        assertEquals(200, blob.status());
        assertArrayEquals(image.layerBytes(0), blob.body());
    }

    /** With {@code [host."...".header] Authorization} in hosts.toml, containerd sends it without a challenge. */
    @Test
    void containerdSendsTokenInHeader() throws IOException {
        assertPulls("Authorization: Bearer " + TOKEN);
        assertEquals(
                401,
                RawHttp.get(base, "/v2/", "Authorization: Bearer " + TOKEN + "x")
                        .status());
    }

    @Test
    void clientCredentialsAreNotPassedOn() throws IOException {
        assertPulls("Authorization: Bearer " + TOKEN);
        assertPulls(basic(PASSWORD));
        RawHttp.get(base, "/v2/", basic("falsches Passwort"));
        assertTrue(upstream.requests().size() > 0);
        upstream.requests()
                .forEach(request ->
                        assertNull(request.headers().first("Authorization").orElse(null), request::toString));
        for (String secret : new String[] {PASSWORD, TOKEN, "falsches Passwort", encoded(PASSWORD)}) {
            assertFalse(log.text().contains(secret), log.text());
        }
    }

    private void assertPulls(String header) throws IOException {
        Response manifest = RawHttp.get(base, "/v2/team/app/manifests/1?ns=r.example", header);
        assertArrayEquals(image.manifest(), manifest.body());
        Response blob = RawHttp.get(base, "/v2/team/app/blobs/" + image.layer(0) + "?ns=r.example", header);
        assertArrayEquals(image.layerBytes(0), blob.body());
    }

    private static String basic(String password) {
        return "Authorization: Basic " + encoded(password);
    }

    private static String encoded(String password) {
        return Base64.getEncoder().encodeToString(("node:" + password).getBytes(StandardCharsets.UTF_8));
    }
}
