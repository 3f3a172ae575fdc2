package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests the hosts.toml of the server, of the command and of the documentation with a real containerd. The registry
 * itself cannot be reached, so a pull fails if containerd does not use the file.
 */
@Timeout(180)
@ExtendWith(ShowsLogs.class)
class HostsFileIT {
    private static final String REGISTRY = "registry.example";
    private static final String NAME = REGISTRY + "/team/app:1.0";

    private final FakeUpstream upstream = FakeUpstream.start();

    @TempDir
    Path directory;

    private FakeImage image;

    @BeforeEach
    void push() {
        image = upstream.image("team/app", "1.0").layer(100_000).push();
    }

    @AfterEach
    void close() {
        upstream.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = Containers.class,
            names = {"FAT_JAR", "TOMCAT_10_UNDER_A_CONTEXT_PATH", "JETTY_HOME"})
    void containerdPullsWithFileOfServer(Containers kind) throws Exception {
        try (var server = kind.start(configuration());
                var node = Containerd.start(directory.resolve("node"), server.url())) {
            var file = Files.createDirectories(node.emptyHosts().resolve("_default"))
                    .resolve("hosts.toml");
            Files.writeString(file, RawHttp.get(server.url(), "/hosts.toml").text());

            node.fetch(NAME);
            assertHasImage(node);
        }
    }

    @Test
    void containerdPullsOverTlsWithFileOfCommandUntilItIsRemoved() throws Exception {
        var certificates = Certificates.in(directory.resolve("certs"));
        var secured = configuration()
                .with("serverTlsConfig:\n  cert: '" + certificates.certificate() + "'\n  key: '" + certificates.key()
                        + "'");
        try (var server = FatJar.start(secured);
                var node = Containerd.start(directory.resolve("node"), server.url())) {
            var hosts = node.emptyHosts();
            String ca = certificates.authority().toString();
            hosts(hosts, "--server", server.url().toString(), "--registry", REGISTRY, "--ca", ca);

            node.fetch(NAME);
            assertHasImage(node);

            hosts(hosts, "--remove");
            assertFalse(Files.exists(hosts.resolve(REGISTRY)));
            try (var left = Files.list(hosts)) {
                assertEquals(List.of(), left.toList());
            }
        }
    }

    @Test
    void containerdAsksServerIfSpegelDoesNotAnswer() throws Exception {
        try (var server = FatJar.start(configuration());
                var node = Containerd.start(directory.resolve("node"), server.url())) {
            var file = Files.createDirectories(node.emptyHosts().resolve("_default"))
                    .resolve("hosts.toml");
            Files.writeString(
                    file,
                    Recipes.toml("Spegel first")
                            .replace("NODE:30020", Loopback.ADDRESS + ":" + Loopback.freePort())
                            .replace("ADDRESS:8080", server.url().getAuthority()));

            node.fetch(NAME);
            assertHasImage(node);
        }
    }

    /** podman and CRI-O read the file with the same library. */
    @Test
    void skopeoPullsWithDocumentedMirror() throws Exception {
        Peers.require("skopeo");
        try (var server = FatJar.start(configuration())) {
            var recipe = Recipes.toml("podman, skopeo, CRI-O")
                    .replace("quay.io", REGISTRY)
                    .replace("ADDRESS:8080", server.url().getAuthority());
            var file = Files.writeString(directory.resolve("registries.conf"), recipe);
            var copy = directory.resolve("copy");

            Program.run(
                    "skopeo-mirror",
                    List.of("skopeo", "--registries-conf", file.toString(), "copy", "docker://" + NAME, "dir:" + copy));
            assertArrayEquals(
                    image.layerBytes(0),
                    Files.readAllBytes(copy.resolve(image.layer(0).hex())));
        }
    }

    private Configuration configuration() {
        return Configuration.in(directory, "- name: " + REGISTRY + "\n  endpoint: " + upstream.url() + "\n");
    }

    private void assertHasImage(Containerd node) {
        assertTrue(node.digests().contains(image.layer(0).toString()), node.digests()::toString);
    }

    private static void hosts(Path directory, String... options) {
        var arguments = new ArrayList<>(List.of("hosts", "--dir", directory.toString()));
        arguments.addAll(List.of(options));
        Program.run("hosts", Java.jar(arguments.toArray(String[]::new)));
    }
}
