package io.ociregistry.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A private Docker with data, sockets and configuration in one directory. It does not change the network of the
 * machine.
 */
record Dockerd(Path directory, Program daemon) implements AutoCloseable {
    static Dockerd start(Path directory) {
        Peers.requireRoot();
        Peers.require("docker", "dockerd", "containerd", "runc");
        try {
            var config = Files.writeString(Files.createDirectories(directory).resolve("daemon.json"), "{}");
            var daemon = Program.start(
                    "dockerd",
                    Map.of(),
                    List.of(
                            "dockerd",
                            "--config-file=" + config,
                            "--data-root=" + directory.resolve("data"),
                            "--exec-root=" + directory.resolve("run"),
                            "--pidfile=" + directory.resolve("pid"),
                            "--host=" + socket(directory),
                            "--storage-driver=vfs",
                            "--bridge=none",
                            "--iptables=false",
                            "--ip6tables=false",
                            "--ip-forward=false"));
            daemon.waitUntil("it listens", () -> daemon.log().contains("API listen on"));
            return new Dockerd(directory, daemon);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a command of its client, and returns the output. */
    String docker(String... arguments) {
        var command = new ArrayList<>(
                List.of("docker", "--config=" + directory.resolve("client"), "--host=" + socket(directory)));
        command.addAll(List.of(arguments));
        return Program.run("docker-" + arguments[0], command);
    }

    private static String socket(Path directory) {
        return "unix://" + directory.resolve("sock");
    }

    @Override
    public void close() {
        daemon.close();
    }
}
