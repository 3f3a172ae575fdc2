package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the two commands of the README as root in a bare Debian, which debootstrap makes of the packages of this
 * machine's release. A clone of the last commit is built there, with the JDK and the Maven that the launcher installs.
 * This is the only test that leaves loopback: it uses the package sources of the machine.
 */
@Tag("more-peers")
@Timeout(1800)
@ExtendWith(ShowsLogs.class)
class BareDebianIT {
    private static final String CHECKOUT = "/root/ociregistry";
    private static final Path CERTIFICATES = Path.of("/usr/local/share/ca-certificates");

    /** Enters the system; the mounts end with the process. */
    private static final String ENTER = """
            mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" || exit
            exec chroot "$0" env -i HOME=/root OCIREGISTRY_CONFIG=/root/config.yaml PATH=/usr/sbin:/usr/bin:/bin \\
              sh -euc "$1"
            """;

    @TempDir
    Path directory;

    private Path system;

    @BeforeEach
    void makeDebian() throws IOException {
        Peers.requireRoot();
        Peers.require("debootstrap", "apt-get", "chroot", "unshare", "git", "skopeo");
        system = directory.resolve("debian");
        String[] source = source();
        Program.run(
                "debootstrap",
                List.of(
                        "debootstrap",
                        "--variant=minbase",
                        "--include=ca-certificates",
                        source[1],
                        system.toString(),
                        source[0]));
        // A network may have an authority of its own.
        try (var files = Files.list(CERTIFICATES)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path there = system.resolve(CERTIFICATES.toString().substring(1));
                Files.copy(file, Files.createDirectories(there).resolve(file.getFileName()));
            }
        }
        enter("certificates", "update-ca-certificates");
        Program.run("clone", List.of("git", "clone", "-q", ".", system + CHECKOUT));
    }

    /** Its many links into the machine would each be a warning of JUnit. */
    @AfterEach
    void removeDebian() {
        if (system != null) {
            Program.run("remove", List.of("rm", "-rf", "--one-file-system", system.toString()));
        }
    }

    /** Returns the address of the packages and the release of this machine. */
    private static String[] source() {
        String sources = Program.run(
                "sources",
                List.of(
                        "apt-get",
                        "indextargets",
                        "--format",
                        "$(REPO_URI) $(CODENAME) $(ORIGIN) $(COMPONENT)",
                        "Created-By: Packages"));
        return sources.lines()
                .filter(line -> line.matches("\\S+ [a-z]+ Debian main"))
                .findFirst()
                .orElseGet(() -> {
                    Peers.skip("no Debian release among the package sources");
                    return "";
                })
                .split(" ", -1);
    }

    private List<String> entered(String script) {
        return List.of("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, system + "", script);
    }

    private void enter(String name, String script) {
        Program.run("bare-" + name, entered(script));
    }

    @Test
    void twoCommandsOfReadmePullAnImage() throws Exception {
        List<String> blocks = DocumentedCommands.of(Path.of("README.md"));
        assertEquals("./ociregistry serve", blocks.get(0).strip());
        int port = Loopback.freePort();
        try (var upstream = DockerRegistry.start(directory.resolve("registry"))) {
            AppImage.build(directory, 1 << 16).push(upstream, "pause", "3.8");
            Files.copy(upstream.authority(), system.resolve("root/authority.pem"));
            Files.writeString(system.resolve("root/config.yaml"), """
                    registries:
                    - name: registry.k8s.io
                      endpoint: %s
                      tls: {ca: /root/authority.pem}
                      auth: {user: %s, password: %s}
                    """.formatted(
                            upstream.url(), DockerRegistry.USER, DockerRegistry.PASSWORD));
            String serve = "cd " + CHECKOUT + " && exec " + blocks.get(0).strip() + " --port " + port;
            try (Program server = Program.start("bare-serve", Map.of(), entered(serve))) {
                server.waitUntil(Duration.ofMinutes(15), "the port is open", () -> Loopback.accepts(port));
                enter("skopeo", "apt-get install -q -y --no-install-recommends skopeo");
                enter("pull", blocks.get(1).replace("8080", String.valueOf(port)));
            }
        }
        assertTrue(Files.isDirectory(system.resolve("tmp/pause/blobs")));
        List<Path> cached = new ArrayList<>();
        try (var files = Files.list(system.resolve("var/lib/ociregistry/blobs"))) {
            files.forEach(cached::add);
        }
        assertTrue(cached.size() >= 2, cached::toString);
    }
}
