package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests archives that cross an air gap, written and read by common image tools. */
@Timeout(300)
@ExtendWith(ShowsLogs.class)
class ArchivesIT {
    private static final String NAME = "docker.io/library/app:1.0";
    private static final String SAVED = "docker.io/library/saved:1.0";
    private static final int LARGEST = 60 << 20;

    @TempDir
    static Path shared;

    private static AppImage image;
    private static Path archive;

    /** Contains the images of both archives. */
    private static Cache loaded;

    @TempDir
    Path directory;

    private Cache cache;

    @BeforeEach
    void useEmptyCache() {
        cache = new Cache(directory);
    }

    @BeforeAll
    static void loadArchivesMadeBySkopeo() throws IOException {
        image = AppImage.build(shared, LARGEST);
        archive = shared.resolve("skopeo.tar");
        skopeo("copy", "--all", "oci:" + image.layout() + ":" + AppImage.TAG, "oci-archive:" + archive + ":" + NAME);
        var saved = shared.resolve("docker.tar");
        skopeo("copy", "oci:" + image.layout() + ":arm64", "docker-archive:" + saved + ":" + SAVED);
        loaded = new Cache(Files.createDirectory(shared.resolve("loaded")));
        loaded.load(Path.of(archive + "," + saved), "--platform", "all");
    }

    @Test
    void skopeoArchiveIsPulledInAirGap() throws Exception {
        try (var server = loaded.airGapped()) {
            assertServed(server, image.index());
            var copy = directory.resolve("copy");
            var here = "docker://" + server.url().getAuthority() + "/";
            skopeo("copy", "--all", "--src-tls-verify=false", here + NAME, "oci:" + copy + ":1.0");
            skopeo("copy", "--src-tls-verify=false", here + SAVED, "dir:" + directory.resolve("saved"));
            for (var architecture : List.of("amd64", "arm64")) {
                for (var digest : image.digests(architecture)) {
                    assertTrue(Files.exists(copy.resolve("blobs").resolve(digest.replace(':', '/'))), digest);
                }
            }
        }
    }

    @Test
    void archivesAreExchangedWithSkopeoAndContainerd() throws Exception {
        var exported = directory.resolve("exported.tar");
        loaded.export(exported, "--pattern", "library/app:");

        var raw = skopeo("inspect", "--raw", "oci-archive:" + exported + ":" + NAME);
        assertEquals(
                image.index(), Digest.of(raw.getBytes(StandardCharsets.UTF_8)).toString());

        var back = directory.resolve("containerd.tar");
        try (var node = Containerd.start(directory.resolve("node"), URI.create("http://127.0.0.1:1"))) {
            node.importArchive(exported);
            assertTrue(node.images().contains(NAME), node.images());
            assertTrue(node.images().contains(image.index()), node.images());
            node.exportArchive(back, NAME, "linux/amd64");
        }
        cache.load(back, "--platform", "linux/amd64");
        assertTrue(
                cache.digests().containsAll(image.digests("amd64")),
                cache.digests().toString());
    }

    @Test
    void killedExportLeavesNoArchiveAndCanBeRepeated() throws Exception {
        var target = directory.resolve("out.tar");
        var aside = directory.resolve("out.tar.partial");

        try (var program = Program.start("export", Map.of(), loaded.exporting(target))) {
            program.waitUntil("it writes", () -> Files.exists(aside) || Files.exists(target));
            program.kill();
        }
        assertFalse(Files.exists(target) && Files.exists(aside));
        loaded.export(target);

        assertFalse(Files.exists(aside));
        skopeo("inspect", "--raw", "oci-archive:" + target + ":" + NAME);
    }

    @Test
    void killedImportServesNothingWrongAndCanBeRepeated() throws Exception {
        var partial = directory.resolve("images/partial");
        try (var program = Program.start("load", Map.of(), cache.loading(archive, "--platform", "all"))) {
            program.waitUntil("something of a blob is there", () -> holds(partial, 1 << 20));
            program.kill();
        }

        cache.load(archive, "--platform", "all");

        try (var server = cache.airGapped()) {
            assertServed(server, image.index());
            for (var digest :
                    image.digests("amd64").subList(2, image.digests("amd64").size())) {
                var answer =
                        Loopback.get(URI.create(server.url() + "/v2/library/app/blobs/" + digest + "?ns=docker.io"));
                assertEquals(digest, "sha256:" + AppImage.sha256(answer.body()));
            }
        }
    }

    @Test
    void deltaForDigestListOfFarSideIsLoadedThere() throws Exception {
        cache.load(archive, "--platform", "linux/arm64");
        var have = Files.write(directory.resolve("have"), cache.digests());
        var delta = directory.resolve("delta.tar");

        loaded.export(delta, "--pattern", "library/app:", "--exclude-from", have.toString());
        var names = run("tar", List.of("tar", "-tf", delta.toString()));
        assertTrue(names.contains(image.manifest("amd64").substring(7)), names);
        assertFalse(names.contains(image.manifest("arm64").substring(7)), names);
        cache.load(delta, "--platform", "all");

        assertTrue(
                cache.digests().containsAll(image.digests("amd64")),
                cache.digests().toString());
    }

    private static boolean holds(Path directory, long bytes) {
        if (!Files.isDirectory(directory)) {
            return false;
        }
        try (var files = Files.list(directory)) {
            return files.anyMatch(file -> file.toFile().length() >= bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void assertServed(FatJar server, String digest) throws Exception {
        var answer = Loopback.get(URI.create(server.url() + "/v2/library/app/manifests/" + digest + "?ns=docker.io"));
        assertEquals(digest, "sha256:" + AppImage.sha256(answer.body()));
    }

    private static String skopeo(String... arguments) {
        var command = new ArrayList<>(List.of("skopeo"));
        command.addAll(List.of(arguments));
        return run("skopeo-" + arguments[0], command);
    }

    private static String run(String name, List<String> command) {
        return Program.run(name, command);
    }
}
