package io.ociregistry.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A podman with its own storage and registries.conf. A registry has a mirror and no reachable origin, so a pull fails
 * if the mirror fails.
 */
record Podman(Path directory) {
    static Podman in(Path directory, String registry, String mirror) {
        return with(directory, """
            [[registry]]
            prefix = "%s"
            location = "127.0.0.1:1/nobody"
            insecure = true
            [[registry.mirror]]
            location = "%s"
            insecure = true
            """.formatted(registry, mirror));
    }

    /** Returns a podman with this registries.conf. */
    static Podman with(Path directory, String registriesConf) {
        Peers.requireRoot();
        Peers.require("podman");
        try {
            Files.writeString(Files.createDirectories(directory).resolve("registries.conf"), registriesConf);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Podman(directory);
    }

    /** Runs podman, and returns the output. */
    String run(String... arguments) {
        var command = new ArrayList<>(List.of(
                "env",
                "CONTAINERS_REGISTRIES_CONF=" + directory.resolve("registries.conf"),
                "podman",
                "--root=" + directory.resolve("root"),
                "--runroot=" + directory.resolve("run"),
                "--storage-driver=vfs",
                "--events-backend=none"));
        command.addAll(List.of(arguments));
        return Program.run("podman-" + arguments[0], command);
    }
}
