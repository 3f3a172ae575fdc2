package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests servers that require client credentials, with real programs that send them. */
@Timeout(120)
@ExtendWith(ShowsLogs.class)
class ClientAccessIT {
    private static final String USER = "node";
    private static final String PASSWORD = "geheim";
    private static final String TOKEN = "geheimer-Token";

    private final FakeUpstream upstream = FakeUpstream.start();

    @TempDir
    Path directory;

    private FakeImage image;

    @BeforeEach
    void push() {
        image = upstream.image("library/app", "1.0").layer(100_000).push();
    }

    @AfterEach
    void close() {
        upstream.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = Containers.class,
            names = {"TOMCAT_10", "JETTY_HOME"})
    void everyContainerRequiresThePassword(Containers kind) throws Exception {
        try (var server = kind.start(configuration())) {
            String blob = "/v2/library/app/blobs/" + image.layer(0) + "?ns=docker.io";
            var refused = RawHttp.get(server.url(), blob);
            assertEquals(401, refused.status());
            assertEquals("Basic realm=\"ociregistry\"", refused.header("WWW-Authenticate"));
            assertEquals("registry/2.0", refused.header("Docker-Distribution-Api-Version"));
            assertTrue(refused.text().contains("\"UNAUTHORIZED\""), refused.text());
            assertEquals(401, RawHttp.get(server.url(), blob, basic("wrong")).status());
            assertEquals(List.of(), upstream.requests());

            // The first request waits for the password check and the upstream; later requests use cached results.
            for (int i = 0; i < 3; i++) {
                assertArrayEquals(
                        image.layerBytes(0),
                        RawHttp.get(server.url(), blob, basic(PASSWORD)).body());
            }
            assertEquals(200, RawHttp.get(server.url(), "/readyz").status());
        }
    }

    @Test
    void skopeoLogsInOverTls() throws Exception {
        var certificates = Certificates.in(directory.resolve("certs"));
        try (var server = FatJar.start(secured(certificates))) {
            var copy = directory.resolve("copy");
            Program.run(
                    "skopeo-login",
                    List.of(
                            "skopeo",
                            "copy",
                            "--preserve-digests",
                            "--src-creds=" + USER + ":" + PASSWORD,
                            "--src-cert-dir=" + onlyAuthority(certificates),
                            "docker://" + server.url().getAuthority() + "/docker.io/library/app:1.0",
                            "dir:" + copy));
            assertArrayEquals(
                    image.layerBytes(0),
                    Files.readAllBytes(copy.resolve(image.layer(0).hex())));
        }
    }

    @Test
    void containerdNeedsDocumentedTokenAndCertificate() throws Exception {
        var certificates = Certificates.in(directory.resolve("certs"));
        var nodes = Certificates.in(directory.resolve("nodes"));
        var strangers = Certificates.in(directory.resolve("strangers"));
        try (var server = FatJar.start(secured(certificates, "clientAuth: verify", "ca: '" + nodes.authority() + "'"));
                var node = Containerd.start(directory.resolve("node"), server.url())) {
            String token = """
                      [host."%s".header]
                        Authorization = ["Bearer %s"]
                    """.formatted(server.url(), TOKEN);
            assertRefused(node, server, trusting(certificates) + token, "tls: ");
            assertRefused(node, server, trusting(certificates) + showing(strangers) + token, "tls: ");
            assertRefused(node, server, trusting(certificates) + showing(nodes), "401 Unauthorized");
            assertEquals(List.of(), upstream.requests());

            node.pointAt(server.url(), trusting(certificates) + showing(nodes) + token);
            node.fetch("docker.io/library/app:1.0");
            assertTrue(node.digests().contains(image.layer(0).toString()), node.digests()::toString);
        }
    }

    private static void assertRefused(Containerd node, FatJar server, String host, String why) {
        node.pointAt(server.url(), host);
        var refused = assertThrows(AssertionError.class, () -> node.fetch("docker.io/library/app:1.0"));
        assertTrue(String.valueOf(refused.getMessage()).contains(why), refused.getMessage());
    }

    private static String trusting(Certificates certificates) {
        return "  ca = \"%s\"\n".formatted(certificates.authority());
    }

    private static String showing(Certificates own) {
        return "  client = [[\"%s\", \"%s\"]]\n".formatted(own.certificate(), own.key());
    }

    private Configuration configuration() throws Exception {
        Path users = Files.writeString(
                directory.resolve("htpasswd"),
                USER + ":" + OpenBSDBCrypt.generate("2y", PASSWORD.toCharArray(), new byte[16], 10) + "\n");
        return Configuration.in(directory, "- name: docker.io\n  endpoint: " + upstream.url() + "\n")
                .with("clients:\n  htpasswd: '" + users + "'\n  token: " + TOKEN);
    }

    private Configuration secured(Certificates certificates, String... more) throws Exception {
        return configuration()
                .with("serverTlsConfig:\n  cert: '" + certificates.certificate() + "'\n  key: '" + certificates.key()
                        + "'\n" + String.join("\n", more).indent(2));
    }

    /** Returns a directory with only this certificate: skopeo would read a key in it as the client's key. */
    private Path onlyAuthority(Certificates certificates) throws Exception {
        Path only = Files.createDirectory(directory.resolve("authority"));
        Files.copy(certificates.authority(), only.resolve("ca.crt"));
        return only;
    }

    private static String basic(String password) {
        byte[] both = (USER + ":" + password).getBytes(StandardCharsets.UTF_8);
        return "Authorization: Basic " + Base64.getEncoder().encodeToString(both);
    }
}
