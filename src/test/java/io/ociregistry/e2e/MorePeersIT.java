package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests programs whose installation takes longer than the whole test run: they pull through the server and exchange
 * archives with it.
 */
@Tag("more-peers")
@Timeout(300)
@ExtendWith(ShowsLogs.class)
class MorePeersIT {
    private static final String REGISTRY = "registry.example";
    private static final String NAME = REGISTRY + "/team/app:" + AppImage.TAG;

    @TempDir
    static Path shared;

    private static AppImage image;
    private static CraneRegistry upstream;
    private static FatJar server;
    private static String signature;

    /** Contains the image for both platforms. */
    private static Cache full;

    @TempDir
    Path directory;

    private Cache cache;

    @BeforeAll
    static void pushSignedImageAndStartServer() throws IOException {
        Peers.require("oras", "skopeo", "tar");
        image = AppImage.build(shared, 2 << 20);
        upstream = CraneRegistry.start();
        var there = upstream.hostAndPort() + "/team/app:" + AppImage.TAG;
        run("skopeo", "copy", "--all", "--dest-tls-verify=false", layout(image), "docker://" + there);
        var note = Files.writeString(shared.resolve("note.txt"), "signed");
        signature = attached(run(
                "oras",
                "attach",
                "--plain-http",
                "--disable-path-validation",
                "--artifact-type=application/vnd.example.signature",
                there,
                note + ":text/plain"));
        var here = Files.createDirectories(shared.resolve("server"));
        server = FatJar.start(Configuration.in(here, """
            - name: %s
              endpoint: %s
            """.formatted(REGISTRY, upstream.url())));
        full = new Cache(Files.createDirectory(shared.resolve("full")));
        full.load(
                list("images.txt", NAME),
                "--platform",
                "all",
                "--config-file",
                here.resolve("config.yaml").toString());
    }

    @AfterAll
    static void end() {
        if (server != null) {
            server.close();
        }
        if (upstream != null) {
            upstream.close();
        }
    }

    @BeforeEach
    void useEmptyCache() {
        cache = new Cache(directory.resolve("cache"));
    }

    /** Runs the conformance suite of the distribution specification, the part for registries without push. */
    @Test
    void serverPassesConformanceSuite() {
        Peers.require("conformance");
        var blobs = image.digests("amd64").subList(2, image.digests("amd64").size());
        var environment = Map.ofEntries(
                Map.entry("OCI_REGISTRY", server.url().getAuthority()),
                Map.entry("OCI_TLS", "disabled"),
                Map.entry("OCI_REPO1", REGISTRY + "/team/app"),
                Map.entry("OCI_RESULTS_DIR", directory.resolve("results").toString()),
                Map.entry("OCI_API_PUSH", "false"),
                Map.entry("OCI_API_BLOBS_DELETE", "false"),
                Map.entry("OCI_API_MANIFESTS_DELETE", "false"),
                Map.entry("OCI_API_TAGS_DELETE", "false"),
                Map.entry("OCI_RO_DATA_TAGS", AppImage.TAG),
                Map.entry("OCI_RO_DATA_MANIFESTS", image.index() + " " + image.manifest("arm64")),
                Map.entry("OCI_RO_DATA_BLOBS", String.join(" ", blobs)),
                Map.entry("OCI_RO_DATA_REFERRERS", image.index()));
        try (var suite = Program.start("conformance", environment, List.of("conformance"))) {
            // The exit status is ignored: the suite fails to write one of its reports.
            suite.awaitEnd();
            assertTrue(suite.log().contains("OCI Conformance Result: Pass"), suite::log);
        }
    }

    @Test
    void craneValidatesImageAndListsTags() {
        assertEquals(image.index(), run("crane", "digest", here(NAME)).strip());
        run("crane", "validate", "--remote", here(NAME));
        assertTrue(run("crane", "ls", here(REGISTRY + "/team/app"))
                .lines()
                .toList()
                .contains(AppImage.TAG));
    }

    @Test
    void imagePulledByCraneIsLoaded() throws Exception {
        var layout = directory.resolve("layout");
        run("crane", "pull", "--format=oci", here(NAME), layout.toString());
        var tarball = directory.resolve("image.tar");
        run("crane", "pull", "--platform=linux/arm64", here(NAME), tarball.toString());

        cache.load(layout, "--platform", "all", "--resolve-ref", NAME);
        cache.load(tarball, "--resolve-ref", REGISTRY + "/team/app:arm64");

        assertHas(cache, image.digests("amd64"));
        assertHas(cache, image.digests("arm64"));
        try (var offline = cache.airGapped()) {
            assertServed(offline, "arm64");
            run("crane", "validate", "--remote", offline.url().getAuthority() + "/" + NAME);
        }
    }

    @Test
    void craneReadsExportedArchive() throws Exception {
        var both = directory.resolve("both.tar");
        full.export(both);
        var one = directory.resolve("one.tar");
        full.export(one, "--platform", "linux/amd64");
        var layout = Files.createDirectory(directory.resolve("layout"));
        run("tar", "-xf", both.toString(), "-C", layout.toString());

        run("crane", "validate", "--tarball", one.toString());
        run("crane", "push", layout.toString(), upstream.hostAndPort() + "/copy/app:crane");
        assertEquals(
                image.index(),
                run("crane", "digest", upstream.hostAndPort() + "/copy/app:crane")
                        .strip());
    }

    @Test
    void orasFindsSignaturesAndItsCopyIsLoadedWithThem() throws Exception {
        var here = here(NAME);
        assertTrue(run("oras", "discover", "--plain-http", here).contains(signature));
        var layout = directory.resolve("layout");
        run("oras", "copy", "-r", "--from-plain-http", "--to-oci-layout", here, layout + ":" + AppImage.TAG);

        cache.load(layout, "--platform", "all", "--resolve-ref", REGISTRY + "/team/app");

        assertHas(cache, image.digests("arm64"));
        try (var offline = cache.airGapped()) {
            var there = offline.url().getAuthority() + "/" + NAME;
            assertTrue(run("oras", "discover", "--plain-http", there).contains(signature));
        }
    }

    @Test
    void orasReadsExportedLayout() {
        var archive = directory.resolve("both.tar");
        full.export(archive);

        var fetched = run("oras", "manifest", "fetch", "--descriptor", "--oci-layout-path", archive.toString(), NAME);

        assertTrue(fetched.contains(image.index()), fetched);
    }

    @Test
    void podmanPullsFromMirrorAndExchangesArchivesWithServer() throws Exception {
        var podman = Podman.in(directory.resolve("podman"), REGISTRY, here(REGISTRY));
        podman.run("pull", "--os=linux", "--arch=amd64", NAME);
        assertTrue(podman.run("image", "inspect", NAME).contains(config()));
        var saved = directory.resolve("saved.tar");
        podman.run("save", "--format=docker-archive", "--output=" + saved, NAME);
        var copied = directory.resolve("copied.tar");
        podman.run("save", "--format=oci-archive", "--output=" + copied, NAME);

        cache.load(saved);
        cache.load(copied, "--resolve-ref", REGISTRY + "/team/app:copied");

        assertHas(cache, List.of(config()));
        try (var offline = cache.airGapped()) {
            assertServed(offline, AppImage.TAG);
            assertServed(offline, "copied");
        }
        var exported = directory.resolve("exported.tar");
        full.export(exported);
        podman.run("image", "rm", NAME);
        podman.run("load", "--input=" + exported);
        assertTrue(podman.run("image", "inspect", NAME).contains(config()));
    }

    @Test
    void podmanPullsWithDocumentedMirror() throws Exception {
        var recipe = Recipes.toml("podman, skopeo, CRI-O")
                .replace("quay.io", REGISTRY)
                .replace("ADDRESS:8080", server.url().getAuthority());
        var podman = Podman.with(directory.resolve("podman"), recipe);

        podman.run("pull", "--os=linux", "--arch=amd64", NAME);
        assertTrue(podman.run("image", "inspect", NAME).contains(config()));
    }

    @Test
    void dockerPullsAndExchangesArchivesWithServer() throws Exception {
        try (var docker = Dockerd.start(directory.resolve("docker"))) {
            docker.docker("pull", "--platform=linux/amd64", here(NAME));
            docker.docker("tag", here(NAME), NAME);
            docker.docker("tag", here(NAME), REGISTRY + "/team/app:other");
            var saved = directory.resolve("saved.tar");
            docker.docker("save", "--output=" + saved, NAME, REGISTRY + "/team/app:other");
            docker.docker("image", "rm", here(NAME), NAME, REGISTRY + "/team/app:other");
            var exported = directory.resolve("exported.tar");
            full.export(exported, "--platform", "linux/amd64");
            docker.docker("load", "--input=" + exported);
            assertTrue(docker.docker("image", "inspect", NAME).contains(config()));

            cache.load(saved);
        }
        assertHas(cache, List.of(config()));
        try (var offline = cache.airGapped()) {
            assertServed(offline, AppImage.TAG);
            assertServed(offline, "other");
        }
    }

    /** Returns the hex part of the config digest for linux/amd64. */
    private static String config() {
        return image.digests("amd64").get(2).substring("sha256:".length());
    }

    private static void assertHas(Cache cache, List<String> digests) {
        var all = String.join("\n", cache.digests());
        digests.forEach(digest -> assertTrue(all.contains(digest), digest));
    }

    private static void assertServed(FatJar server, String tag) throws IOException {
        var manifest = Loopback.get(URI.create(server.url() + "/v2/team/app/manifests/" + tag + "?ns=" + REGISTRY));
        assertEquals(200, manifest.statusCode(), tag);
    }

    private static String here(String name) {
        return server.url().getAuthority() + "/" + name;
    }

    private static String layout(AppImage image) {
        return "oci:" + image.layout() + ":" + AppImage.TAG;
    }

    private static Path list(String file, String name) throws IOException {
        return Files.writeString(shared.resolve(file), name + "\n");
    }

    /** Returns the digest that {@code oras attach} prints. */
    private static String attached(String printed) {
        return printed.lines()
                .filter(line -> line.startsWith("Digest: "))
                .map(line -> line.substring("Digest: ".length()).strip())
                .findFirst()
                .orElseThrow();
    }

    private static String run(String program, String... arguments) {
        var command = new ArrayList<>(List.of(program));
        command.addAll(List.of(arguments));
        return Program.run(program + "-" + arguments[0], command);
    }
}
