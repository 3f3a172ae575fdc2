package io.ociregistry.standalone.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.standalone.Main;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.testing.TestCertificates;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command health against a server of the same configuration. */
@Timeout(60)
class HealthCommandTest {
    @TempDir
    Path dir;

    private final ByteArrayOutputStream output = new ByteArrayOutputStream();

    private int health(String yaml, int port) throws Exception {
        Path file = Files.writeString(dir.resolve("config.yaml"), yaml);
        var out = new PrintStream(output, true, StandardCharsets.UTF_8);
        return Main.run(out, out, "health", "--config-file", file.toString(), "--port", String.valueOf(port));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "serverTlsConfig: {%s}\n", "serverTlsConfig: {%s, clientAuth: verify, ca: '%s'}\n"})
    void runningServerIsAlive(String yaml) throws Exception {
        TestCertificates authority = TestCertificates.create();
        var server = authority.server("cache.example");
        String files = "cert: '" + server.certPem(dir) + "', key: '" + server.keyPem(dir) + "'";
        String configuration = yaml.formatted(files, authority.caPem(dir));
        int port;
        try (RunningRegistry registry = RunningRegistry.start(configuration, dir.resolve("cache"))) {
            port = registry.base().getPort();
            assertEquals(0, health(configuration, port), output::toString);
            assertEquals("the server on localhost:" + port + " is alive\n", output.toString(StandardCharsets.UTF_8));
        }
        assertEquals(1, health(configuration, port));
        assertTrue(output.toString(StandardCharsets.UTF_8).contains(" does not answer: "), output::toString);
    }

    @Test
    void otherServerIsNotAlive() throws Exception {
        try (FakeUpstream other = FakeUpstream.start()) {
            assertEquals(1, health("", other.port()));
            assertTrue(
                    output.toString(StandardCharsets.UTF_8).contains("answers /livez with: HTTP/1.1 404"),
                    output::toString);
        }
    }
}
