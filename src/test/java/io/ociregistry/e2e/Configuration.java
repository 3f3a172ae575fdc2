package io.ociregistry.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A configuration file and the directory with the images that it names. */
public record Configuration(Path file, Path imagePath) {

    /** Everything in one directory; {@code registries} is the YAML under that key, at any indentation, or empty. */
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

    /** With some more YAML at its end. */
    public Configuration with(String yaml) {
        try {
            Files.writeString(file, yaml + "\n", StandardOpenOption.APPEND);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** That docker-registry, under the name of Docker Hub. */
    static Configuration dockerHubIs(DockerRegistry registry, Path directory) {
        return dockerHubIs(registry, registry.url(), directory);
    }

    /** The same, reached at another address. */
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
