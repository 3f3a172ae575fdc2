package io.ociregistry.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The WAR the build made, and what servlet containers have in common about it. */
final class War {
    private War() {}

    static Path artifact() {
        return Path.of(System.getProperty("war", "target/ociregistry.war")).toAbsolutePath();
    }

    /** Deploys by name, as operators do: ROOT at the host's root, anything else under /name. */
    static void copyTo(Path webapps, String name) throws IOException {
        Files.createDirectories(webapps);
        Files.copy(artifact(), webapps.resolve(name + ".war"));
    }

    static URI url(int port, String name) {
        var path = "ROOT".equals(name) ? "" : "/" + name;
        return URI.create("http://" + Loopback.ADDRESS + ":" + port + path);
    }

    /** All lines of all access logs in the container's directory for them. */
    static List<String> accessLog(Path logs, String glob) {
        try (var files = Files.newDirectoryStream(logs, glob)) {
            var lines = Stream.<String>empty();
            for (var file : files) {
                lines = Stream.concat(lines, Files.readAllLines(file).stream());
            }
            return lines.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
