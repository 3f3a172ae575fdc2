package io.ociregistry.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A private containerd with root, state, socket and configuration in one directory, so an empty directory is an empty
 * node. It pulls from one mirror and has no fallback host. It shares nothing with the containerd of the machine.
 */
final class Containerd implements AutoCloseable {
    private static final String SKIP_METADATA = "--skip-metadata";

    private final Path directory;
    private final Path socket;
    private final Path hosts;
    private final Program daemon;

    private Containerd(Path directory, Path socket, Path hosts, Program daemon) {
        this.directory = directory;
        this.socket = socket;
        this.hosts = hosts;
        this.daemon = daemon;
    }

    static Containerd start(Path directory, URI mirror) {
        Peers.requireRoot();
        Peers.require("containerd", "ctr", "runc");
        try {
            var hosts = Files.createDirectories(directory.resolve("hosts"));
            // A socket path has at most 107 characters, and the temporary directory of a test can be deep.
            var socket = Files.createTempDirectory("ctrd").resolve("sock");
            var config = Files.writeString(directory.resolve("config.toml"), configuration(directory, socket, hosts));
            var daemon = Program.start(
                    "containerd",
                    Map.of(),
                    List.of("containerd", "--config", config.toString(), "--log-level", "debug"));
            var containerd = new Containerd(directory, socket, hosts, daemon);
            containerd.pointAt(mirror, "");
            daemon.waitUntil(
                    "it listens and serves CRI",
                    () -> Files.exists(socket) && daemon.log().contains("successfully booted"));
            return containerd;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Pulls an image as an operator does by hand; unpacks every layer. */
    void pull(String reference, String platform) {
        var arguments = new ArrayList<>(List.of("images", "pull", "--hosts-dir", hosts.toString()));
        arguments.addAll(List.of("--snapshotter", "native", "--platform", platform));
        // Without this option containerd 2 also pulls the manifests and configs of all other platforms.
        if (ctr("images", "pull", "--help").contains(SKIP_METADATA)) {
            arguments.add(SKIP_METADATA);
        }
        arguments.add(reference);
        ctr(arguments.toArray(String[]::new));
    }

    /** Pulls an image without unpacking it. */
    void fetch(String reference) {
        ctr("content", "fetch", "--hosts-dir", hosts.toString(), "--all-platforms", reference);
    }

    /** Imports the images of an archive, and unpacks them. */
    void importArchive(Path archive) {
        ctr("images", "import", "--snapshotter", "native", archive.toString());
    }

    /** Exports an image to an archive, for all platforms in this containerd. */
    void exportArchive(Path archive, String reference, String platform) {
        ctr("images", "export", "--platform", platform, archive.toString(), reference);
    }

    /** Returns the output of its image list. */
    String images() {
        return ctr("images", "ls");
    }

    /**
     * Pulls an image as a kubelet does: through CRI, with the mirror from {@code config_path}. Returns the image id.
     */
    String pullAsKubelet(String reference) {
        return new CriImageService(socket).pullImage(reference);
    }

    /** Returns the digests of all content, as "sha256:...". */
    Set<String> digests() {
        if (!Files.exists(blobs())) {
            return Set.of();
        }
        try (var files = Files.list(blobs())) {
            var digests = new TreeSet<String>();
            files.forEach(file -> digests.add("sha256:" + file.getFileName()));
            return digests;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the file that contains the bytes of the digest. */
    Path blob(String digest) {
        return blobs().resolve(digest.substring("sha256:".length()));
    }

    private Path blobs() {
        return directory.resolve("root/io.containerd.content.v1.content/blobs/sha256");
    }

    private String ctr(String... arguments) {
        var command = new ArrayList<>(List.of("ctr", "--address", socket.toString(), "--namespace", "test"));
        command.addAll(List.of(arguments));
        return Program.run("ctr-" + arguments[0], command);
    }

    @Override
    public void close() {
        daemon.close();
        try {
            Files.deleteIfExists(socket);
            Files.deleteIfExists(Path.of(socket + ".ttrpc"));
            Files.deleteIfExists(socket.getParent());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns its directory of hosts.toml files, without any file. */
    Path emptyHosts() {
        try {
            Files.deleteIfExists(hosts.resolve("_default/hosts.toml"));
            Files.deleteIfExists(hosts.resolve("_default"));
            return hosts;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Sets the mirror for further pulls, in the form of conf/containerd/_default/hosts.toml. {@code server} is added
     * because containerd would otherwise fall back to the registry itself.
     *
     * @param more lines for this host
     */
    void pointAt(URI mirror, String more) {
        try {
            Files.writeString(
                    Files.createDirectories(hosts.resolve("_default")).resolve("hosts.toml"),
                    """
                    server = "%1$s"

                    [host."%1$s"]
                      capabilities = ["pull", "resolve"]
                      dial_timeout = "1s"
                    """.formatted(mirror) + more);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String configuration(Path directory, Path socket, Path hosts) {
        return """
            version = 2
            root = '%1$s/root'
            state = '%1$s/state'

            [grpc]
              address = '%2$s'

            [plugins."io.containerd.grpc.v1.cri".containerd]
              snapshotter = "native"

            [plugins."io.containerd.grpc.v1.cri".cni]
              bin_dir = '%1$s/cni'
              conf_dir = '%1$s/cni'

            [plugins."io.containerd.grpc.v1.cri".registry]
              config_path = '%3$s'

            # Its socket has a fixed path, which two nodes would share.
            [plugins."io.containerd.nri.v1.nri"]
              disable = true

            # containerd 2 has that of CRI in another place, and pulls and imports for ctr itself, where this
            # allows it.
            [plugins."io.containerd.cri.v1.images"]
              snapshotter = "native"

            [[plugins."io.containerd.transfer.v1.local".unpack_config]]
              platform = "linux/amd64"
              snapshotter = "native"
            """.formatted(directory, socket, hosts);
    }
}
