package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Builds conf/Dockerfile with buildah, from a build image made of a JDK and programs of this machine, and runs the
 * image with runc as its configuration says: without a shell, without capabilities, on a read-only root file system.
 */
@Tag("more-peers")
@Timeout(900)
@ExtendWith(ShowsLogs.class)
class ContainerImageIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String IMAGE = "localhost/ociregistry";
    private static final int OLDEST_JDK = 25;

    /** Copies the programs of the Dockerfile with their libraries, and the JDK. */
    private static final String BUILD_IMAGE = """
        set -eu
        root=$1 jdk=$2
        mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/lib64" "$root/tmp" "$root/opt/java"
        ln -s usr/bin "$root/bin"; ln -s usr/lib "$root/lib"; ln -s usr/lib64 "$root/lib64"
        for program in sh bash find xargs ldd sed grep sort mkdir cp chmod chown dirname cat; do
          cp -L "$(command -v "$program")" "$root/usr/bin/$program"
        done
        ldd "$root"/usr/bin/* "$jdk/bin/java" "$jdk"/lib/*.so "$jdk"/lib/server/*.so 2> /dev/null \\
          | sed -n 's/.*[[:space:]]\\(\\/[^ ]*\\) (0x[0-9a-f]*)$/\\1/p' | grep -v "^$jdk" | sort -u \\
          | while read -r file; do mkdir -p "$root$(dirname "$file")"; cp -L "$file" "$root$file"; done
        cp -a "$jdk" "$root/opt/java/openjdk"
        rm -f "$root/opt/java/openjdk/lib/src.zip" "$root/opt/java/openjdk/lib/security/cacerts"
        cp -L "$jdk/lib/security/cacerts" "$root/opt/java/openjdk/lib/security/cacerts"
        """;

    @TempDir
    Path directory;

    private Path rootfs;
    private JsonNode configuration;

    @BeforeEach
    void buildImage() throws IOException {
        Peers.requireRoot();
        Peers.require("buildah", "runc", "ldd");
        Path programs = directory.resolve("programs");
        Program.run("build-image", List.of("bash", "-c", BUILD_IMAGE, "sh", programs.toString(), jdk().toString()));
        String base = buildah("from", "scratch");
        buildah("copy", "-q", base, programs.toString(), "/");
        buildah("config", "--env", "PATH=/opt/java/openjdk/bin:/usr/bin", base);
        buildah("commit", "-q", "--rm", base, "localhost/jdk");

        Path context = Files.createDirectories(directory.resolve("context/target"));
        Files.copy(FatJar.artifact(), context.resolve("ociregistry.jar"));
        buildah(
                "build",
                "--isolation=chroot",
                "--network=host",
                "--format=docker",
                "--pull-never",
                "--build-arg=JDK=localhost/jdk",
                "--file=conf/Dockerfile",
                "--tag=" + IMAGE,
                context.getParent().toString());
        configuration = JSON.readTree(buildah("inspect", "--type=image", IMAGE)).at("/Docker/config");
        rootfs = Path.of(buildah("mount", buildah("from", "--pull-never", IMAGE)));
    }

    @AfterEach
    void removeImages() {
        if (rootfs != null) {
            buildah("umount", "--all");
        }
    }

    private static Path jdk() throws IOException {
        try (Stream<Path> homes = Files.list(Path.of("/usr/lib/jvm"))) {
            for (Path home : homes.toList()) {
                Path release = home.resolve("release");
                if (Files.exists(home.resolve("bin/jlink")) && Files.exists(release)) {
                    String version = Files.readString(release).replaceAll("(?s).*JAVA_VERSION=\"([0-9]+).*", "$1");
                    if (version.matches("[0-9]+") && Integer.parseInt(version) >= OLDEST_JDK) {
                        return home.toRealPath();
                    }
                }
            }
        }
        Peers.skip("no JDK " + OLDEST_JDK + " in /usr/lib/jvm");
        throw new AssertionError();
    }

    private String buildah(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                "buildah",
                "--root=" + directory.resolve("storage"),
                "--runroot=" + directory.resolve("run"),
                "--storage-driver=overlay"));
        command.addAll(List.of(arguments));
        return Program.run("buildah-" + arguments[0], command).strip();
    }

    private List<String> words(String pointer) {
        List<String> words = new ArrayList<>();
        configuration.at(pointer).forEach(word -> words.add(word.asText()));
        return words;
    }

    /** Writes a bundle of runc for the entry point of the image with these arguments. */
    private Path bundle(Path volume, List<String> arguments) throws IOException {
        String[] user = configuration.path("User").asText().split(":", -1);
        List<String> none = List.of();
        List<Map<String, String>> namespaces = Stream.of("pid", "ipc", "uts", "mount")
                .map(type -> Map.of("type", type))
                .toList();
        var config = Map.of(
                "ociVersion",
                "1.0.0",
                "process",
                Map.of(
                        "user",
                        Map.of("uid", Integer.valueOf(user[0]), "gid", Integer.valueOf(user[1])),
                        "args",
                        Stream.concat(words("/Entrypoint").stream(), arguments.stream())
                                .toList(),
                        "cwd",
                        configuration.path("WorkingDir").asText(),
                        "noNewPrivileges",
                        true,
                        "capabilities",
                        Map.of("bounding", none, "effective", none, "permitted", none)),
                "root",
                Map.of("path", rootfs.toString(), "readonly", true),
                "mounts",
                List.of(
                        mount("/proc", "proc", "proc", "nosuid"),
                        mount("/dev", "tmpfs", "tmpfs", "mode=755"),
                        mount(
                                "/etc/ociregistry",
                                "bind",
                                directory.resolve("etc").toString(),
                                "ro",
                                "bind"),
                        mount("/var/lib/ociregistry", "bind", volume.toString(), "bind")),
                "linux",
                Map.of("namespaces", namespaces));
        Path bundle = Files.createDirectories(directory.resolve("bundle"));
        JSON.writeValue(bundle.resolve("config.json").toFile(), config);
        return bundle;
    }

    private static Map<String, Object> mount(String destination, String type, String source, String... options) {
        return Map.of("destination", destination, "type", type, "source", source, "options", List.of(options));
    }

    private List<String> runc(String... arguments) {
        return Stream.concat(Stream.of("runc", "--root=" + directory.resolve("runc")), Stream.of(arguments))
                .toList();
    }

    @Test
    void imageServesWithoutShellAndStopsAndRestarts() throws Exception {
        assertEquals(List.of("serve"), words("/Cmd"));
        assertEquals("65532:65532", configuration.path("User").asText());
        assertEquals("SIGTERM", configuration.path("StopSignal").asText());
        assertTrue(configuration.path("Volumes").has("/var/lib/ociregistry"));
        assertTrue(
                Stream.of("bin/sh", "usr/bin/sh", "bin/bash").noneMatch(shell -> Files.exists(rootfs.resolve(shell))));
        List<String> health = words("/Healthcheck/Test");
        assertEquals("CMD", health.remove(0));
        long size = size(rootfs);
        assertTrue(size < 130_000_000, "the image has " + size + " bytes");
        Measured.by(ContainerImageIT.class, "%d MB unpacked", size / 1_000_000);

        Path volume = Files.createDirectories(directory.resolve("volume"));
        Program.run("chown", List.of("chown", "65532:65532", volume.toString()));
        int port = Loopback.freePort();
        URI base = URI.create("http://" + Loopback.ADDRESS + ":" + port);
        Path bundle = bundle(volume, List.of("serve", "--port", String.valueOf(port)));
        String manifest = "/v2/team/app/manifests/1.0?ns=r.example";
        health.addAll(List.of("--port", String.valueOf(port)));
        try (FakeUpstream upstream = FakeUpstream.start()) {
            upstream.image("team/app", "1.0").layer(100_000).push();
            Files.writeString(
                    Files.createDirectories(directory.resolve("etc")).resolve("config.yaml"),
                    "registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n");
            serve(bundle, base, manifest, health);
        }
        // The upstream is gone, so this one comes from the volume.
        serve(bundle, base, manifest, health);
    }

    private void serve(Path bundle, URI base, String manifest, List<String> health) throws Exception {
        String id = "ociregistry";
        try (Program container = Program.start("container", Map.of(), runc("run", "--bundle=" + bundle, id))) {
            long started = System.nanoTime();
            container.waitUntil("/readyz is 200", () -> Loopback.isReady(base.resolve("/readyz")));
            Measured.by(ContainerImageIT.class, "%d ms to the first 200", (System.nanoTime() - started) / 1_000_000);
            assertEquals(200, RawHttp.get(base, manifest).status());
            List<String> check = new ArrayList<>(runc("exec", id));
            check.addAll(health);
            assertTrue(Program.run("health", check).contains("is alive"));
            Program.run("stop", runc("kill", id, "TERM"));
            started = System.nanoTime();
            assertEquals(0, container.awaitEnd());
            assertTrue(Duration.ofNanos(System.nanoTime() - started).toSeconds() < 30);
            assertTrue(container.log().contains("ociregistry: stopped"), container.log());
        }
    }

    private static long size(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }
}
