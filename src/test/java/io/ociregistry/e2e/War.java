package io.ociregistry.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The WAR of the build in a servlet container that is started for it, on a free port and with its own base directory.
 */
final class War implements Container {
    static final String ROOT = "ROOT";
    private static final String REFUSAL = "ociregistry can't start";

    private final URI url;
    private final Path logs;
    private final String accessLogs;
    private final Program program;

    private War(URI url, Path logs, String accessLogs, Program program) {
        this.url = url;
        this.logs = logs;
        this.accessLogs = accessLogs;
        this.program = program;
    }

    /**
     * Starts a servlet container that deploys the contents of {@code webapps} below its base, and logs into
     * {@code logs}.
     */
    interface Start {
        Program with(Path base, int port) throws IOException;
    }

    /** The WAR refused to start; the message is the output of the container. */
    static final class RefusedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        RefusedException(String log) {
            super(log);
        }
    }

    static Path artifact() {
        return Path.of(System.getProperty("war", "target/ociregistry.war")).toAbsolutePath();
    }

    /** Deploys the WAR at the root of the host. */
    static War deploy(Configuration configuration, String accessLogs, Start container) {
        return deploy(configuration, ROOT, accessLogs, container);
    }

    /**
     * Deploys the WAR by name, as operators do: ROOT at the root of the host, any other name under /name.
     *
     * @param accessLogs the names of the container's access logs, as a glob
     */
    static War deploy(Configuration configuration, String name, String accessLogs, Start container) {
        int port = Loopback.freePort();
        URI url = URI.create("http://" + Loopback.ADDRESS + ":" + port + (name.equals(ROOT) ? "" : "/" + name));
        try {
            Path base = Files.createTempDirectory(configuration.imagePath().getParent(), "container");
            Path logs = Files.createDirectories(base.resolve("logs"));
            Path webapps = Files.createDirectories(base.resolve("webapps"));
            Files.copy(artifact(), webapps.resolve(name + ".war"));
            Program program = container.with(base, port);
            URI readiness = URI.create(url + "/readyz");
            program.waitUntil(
                    "/readyz is 200, or the WAR refuses to start",
                    () -> Loopback.isReady(readiness)
                            || (Loopback.accepts(port) && program.log().contains(REFUSAL)));
            if (!Loopback.isReady(readiness)) {
                program.terminate();
                throw new RefusedException(program.log());
            }
            return new War(url, logs, accessLogs, program);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public URI url() {
        return url;
    }

    @Override
    public List<String> accessLog() {
        try (var files = Files.newDirectoryStream(logs, accessLogs)) {
            var lines = Stream.<String>empty();
            for (var file : files) {
                lines = Stream.concat(lines, Files.readAllLines(file).stream());
            }
            return lines.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the output of the container. */
    String log() {
        return program.log();
    }

    /** Ends the container with SIGTERM. */
    void terminate() {
        program.terminate();
    }

    @Override
    public void close() {
        program.close();
    }
}
