package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests pulls of a real image by real clients, through the cache, from a real registry with TLS and a password. */
@Timeout(300)
@ExtendWith(ShowsLogs.class)
class PullThroughIT {
    private static final String REPOSITORY = "library/app";
    private static final String REFERENCE = "docker.io/library/app:1.0";

    /** SlowLinkIT pulls a layer of 200 MB. */
    private static final int LARGEST = 30 << 20;

    @TempDir
    static Path shared;

    private static AppImage image;

    @TempDir
    Path directory;

    @BeforeAll
    static void pushImageToUpstream() {
        image = AppImage.build(shared, LARGEST);
        try (var upstream = upstream()) {
            image.push(upstream, REPOSITORY);
        }
    }

    @ParameterizedTest
    @EnumSource
    void containerdPullsThroughServerThenFromCacheOffline(Containers kind) throws Exception {
        var configuration = pullWithUpstream(kind);

        // The upstream is down; the server and the node are new.
        try (var server = kind.start(configuration)) {
            assertPulledByContainerd(server, directory.resolve("second-node"));
        }
    }

    @Test
    void kubeletPullsThroughServer() throws Exception {
        try (var upstream = upstream();
                var server = FatJar.start(Configuration.dockerHubIs(upstream, directory));
                var node = Containerd.start(directory.resolve("node"), server.url())) {
            var imageId = node.pullAsKubelet(REFERENCE);

            assertEquals(image.digests("amd64").get(2), imageId);
            assertHasTheImage(node);
            assertLogged(server, image.digests("amd64"));
        }
    }

    @Test
    void skopeoPullsAllPlatformsByInPathForm() throws Exception {
        var copy = new AppImage(directory.resolve("copy"));
        try (var upstream = upstream();
                var server = FatJar.start(Configuration.dockerHubIs(upstream, directory))) {
            Program.run(
                    "skopeo-pull",
                    List.of(
                            "skopeo",
                            "copy",
                            "--all",
                            "--preserve-digests",
                            "--src-tls-verify=false",
                            "docker://" + server.url().getAuthority() + "/" + REFERENCE,
                            "oci:" + copy.layout() + ":" + AppImage.TAG));

            assertEquals(image.index(), copy.index());
            var digests = new TreeSet<>(image.digests("amd64"));
            digests.addAll(image.digests("arm64"));
            for (var digest : digests) {
                assertSameBytes(digest, copy.blob(digest));
            }
        }
    }

    /** docker-registry has no referrers API; the server returns an empty list, as the conformance suite requires. */
    @Test
    void skopeoListsTagsAndReferrersWithoutReferrersApiUpstream() throws Exception {
        try (var upstream = upstream();
                var server = FatJar.start(Configuration.dockerHubIs(upstream, directory))) {
            var listed = Program.run(
                    "skopeo-list-tags",
                    List.of(
                            "skopeo",
                            "list-tags",
                            "--tls-verify=false",
                            "docker://" + server.url().getAuthority() + "/docker.io/" + REPOSITORY));
            assertTrue(listed.contains("\"" + AppImage.TAG + "\""), listed);

            var referrers = Loopback.get(
                    URI.create(server.url() + "/v2/" + REPOSITORY + "/referrers/" + image.index() + "?ns=docker.io"));
            assertEquals(200, referrers.statusCode());
            assertEquals(
                    List.of("application/vnd.oci.image.index.v1+json"),
                    referrers.headers().allValues("Content-Type"));
            assertEquals(
                    "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[]}",
                    new String(referrers.body(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void quickStartRequestsReturnManifestByTagAndDigest() throws Exception {
        try (var upstream = upstream();
                var server = FatJar.start(Configuration.dockerHubIs(upstream, directory))) {
            assertManifest(server, image.index(), AppImage.TAG, "application/vnd.oci.image.index.v1+json");
            assertManifest(server, image.index(), image.index(), "application/vnd.oci.image.index.v1+json");
            var manifest = image.manifest("arm64");
            assertManifest(server, manifest, manifest, "application/vnd.oci.image.manifest.v1+json");
        }
    }

    @Test
    void containerdPullsLoadedImageInAirGap() throws Exception {
        Configuration configuration;
        try (var upstream = upstream()) {
            configuration = Configuration.dockerHubIs(upstream, directory);
            var list = Files.writeString(directory.resolve("images.txt"), REFERENCE + "\n");
            var printed = Program.run(
                    "load",
                    Java.jar(
                            "load",
                            "--config-file",
                            configuration.file().toString(),
                            "--image-file",
                            list.toString(),
                            "--platform",
                            "linux/amd64"));
            assertTrue(printed.contains("1 loaded, 0 already there, 0 failed"), printed);
        }
        try (var server = FatJar.start(configuration.with("airGapped: true"))) {
            assertPulledByContainerd(server, directory.resolve("node"));
        }
    }

    @Test
    void terminatedServerExitsWithStatusZero() {
        try (var server = FatJar.start(Configuration.in(directory, ""))) {
            assertEquals(0, server.terminate());
        }
    }

    private Configuration pullWithUpstream(Containers kind) throws Exception {
        try (var upstream = upstream()) {
            var configuration = Configuration.dockerHubIs(upstream, directory);
            try (var server = kind.start(configuration)) {
                assertPulledByContainerd(server, directory.resolve("first-node"));
            }
            return configuration;
        }
    }

    private static DockerRegistry upstream() {
        return DockerRegistry.start(shared.resolve("upstream"));
    }

    private static void assertPulledByContainerd(Container server, Path emptyNode) throws Exception {
        try (var node = Containerd.start(emptyNode, server.url())) {
            assertEquals(Set.of(), node.digests());
            node.pull(REFERENCE, "linux/amd64");

            assertHasTheImage(node);
            assertLogged(server, image.digests("amd64"));
        }
    }

    private static void assertHasTheImage(Containerd node) throws IOException {
        assertEquals(new TreeSet<>(image.digests("amd64")), node.digests());
        for (var digest : image.digests("amd64")) {
            assertSameBytes(digest, node.blob(digest));
        }
    }

    private static void assertSameBytes(String digest, Path file) throws IOException {
        assertEquals(-1, Files.mismatch(image.blob(digest), file), digest + " in " + file);
    }

    /**
     * Checks that every digest was requested from the server and returned 200. The log line may follow shortly after
     * the client has all bytes.
     */
    private static void assertLogged(Container server, Collection<String> digests) throws InterruptedException {
        var deadline = Instant.now().plusSeconds(10);
        while (!notLogged(server, digests).isEmpty() && Instant.now().isBefore(deadline)) {
            Thread.sleep(50);
        }
        assertEquals(List.of(), notLogged(server, digests), () -> String.join("\n", server.accessLog()));
    }

    private static List<String> notLogged(Container server, Collection<String> digests) {
        var answered = server.accessLog().stream()
                .filter(line -> line.contains(" 200"))
                .toList();
        return digests.stream()
                .filter(digest -> answered.stream().noneMatch(line -> line.contains(digest + "?ns=docker.io")))
                .toList();
    }

    private static void assertManifest(Container server, String digest, String reference, String type)
            throws Exception {
        var uri = URI.create(server.url() + "/v2/" + REPOSITORY + "/manifests/" + reference + "?ns=docker.io");
        var get = Loopback.get(uri);
        var head = Loopback.send("HEAD", uri);

        assertEquals(200, get.statusCode());
        assertEquals(digest, "sha256:" + AppImage.sha256(get.body()));
        assertEquals(digest, get.headers().firstValue("Docker-Content-Digest").orElse(""));
        assertEquals(type, get.headers().firstValue("Content-Type").orElse(""));
        assertEquals(
                get.body().length,
                get.headers().firstValueAsLong("Content-Length").orElse(-1));
        assertEquals(200, head.statusCode());
        for (var header : List.of("Docker-Content-Digest", "Content-Type", "Content-Length")) {
            assertEquals(get.headers().allValues(header), head.headers().allValues(header), header);
        }
    }
}
