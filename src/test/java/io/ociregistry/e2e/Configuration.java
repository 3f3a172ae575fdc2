package io.ociregistry.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A configuration file and the image directory that it names. */
public record Configuration(Path file, Path imagePath) {

    /** Creates both in a directory; {@code registries} is the YAML under that key, at any indentation, or empty. */
    public static Configuration in(Path directory, String registries) {
        try {
            var images = Files.createDirectories(directory.resolve("images"));
            var head = "imagePath: '%s'\n".formatted(images);
            var tail = registries.isBlank() ? "" : "registries:\n" + registries.indent(2);
            return new Configuration(Files.writeString(directory.resolve("config.yaml"), head + tail), images);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Appends YAML to the configuration. */
    public Configuration with(String yaml) {
        try {
            Files.writeString(file, yaml + "\n", StandardOpenOption.APPEND);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Creates a configuration with this docker-registry as Docker Hub. */
    static Configuration dockerHubIs(DockerRegistry registry, Path directory) {
        return dockerHubIs(registry, registry.url(), directory);
    }

    /** Creates a configuration with this docker-registry, at another address, as Docker Hub. */
    static Configuration dockerHubIs(DockerRegistry registry, URI endpoint, Path directory) {
        return in(
                directory, """
                - name: docker.io
                  endpoint: %s
                  tls:
                    ca: '%s'
                  auth:
                    user: %s
                    password: %s
                """.formatted(endpoint, registry.authority(), DockerRegistry.USER, DockerRegistry.PASSWORD));
    }
}
