package io.ociregistry.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;

/**
 * Debian's docker-registry on loopback, with a certificate of {@link #authority()} and a password for its only user.
 * Its directory keeps the pushed content, and another registry started on that directory serves it again.
 */
final class DockerRegistry implements AutoCloseable {
    static final String USER = "edge";
    static final String PASSWORD = "correct horse";

    private final Path directory;
    private final int port;
    private final Program program;

    private DockerRegistry(Path directory, int port, Program program) {
        this.directory = directory;
        this.port = port;
        this.program = program;
    }

    static DockerRegistry start(Path directory) {
        Peers.require("docker-registry");
        var port = Loopback.freePort();
        var config = configure(directory, port);
        var program =
                Program.start("docker-registry", Map.of(), List.of("docker-registry", "serve", config.toString()));
        program.waitUntil("it accepts connections", () -> Loopback.accepts(port));
        return new DockerRegistry(directory, port, program);
    }

    URI url() {
        return URI.create("https://" + hostAndPort());
    }

    String hostAndPort() {
        return Loopback.ADDRESS + ":" + port;
    }

    /** Returns the PEM file of its authority: ca.crt, the only file in its directory, as skopeo requires. */
    Path authority() {
        return directory.resolve("trust/ca.crt");
    }

    @Override
    public void close() {
        program.close();
    }

    private static Path configure(Path directory, int port) {
        try {
            var certificates = Certificates.in(directory.resolve("tls"));
            var trust = Files.createDirectories(directory.resolve("trust")).resolve("ca.crt");
            Files.deleteIfExists(trust);
            Files.copy(certificates.authority(), trust);
            var users = Files.writeString(directory.resolve("htpasswd"), USER + ":" + bcrypt(PASSWORD) + "\n");
            return Files.writeString(directory.resolve("config.yml"), """
                    version: 0.1
                    log: {level: info}
                    storage: {filesystem: {rootdirectory: '%s'}}
                    http:
                      addr: %s:%d
                      tls: {certificate: '%s', key: '%s'}
                    auth: {htpasswd: {realm: a private registry, path: '%s'}}
                    """.formatted(
                            directory.resolve("storage"),
                            Loopback.ADDRESS,
                            port,
                            certificates.certificate(),
                            certificates.key(),
                            users));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns a bcrypt hash, the only kind that docker-registry accepts. */
    private static String bcrypt(String password) {
        var salt = new byte[16];
        new SecureRandom().nextBytes(salt);
        return OpenBSDBCrypt.generate("2y", password.getBytes(StandardCharsets.UTF_8), salt, 4);
    }
}
