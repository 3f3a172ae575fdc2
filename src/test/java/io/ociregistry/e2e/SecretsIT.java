package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.KeyTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests that the output of a server and of the commands, and their files, contain no secret. The run is at debug level,
 * with a different secret in every place of the configuration, and with upstreams and proxies that accept, refuse and
 * repeat the secrets.
 */
@Timeout(180)
@ExtendWith(ShowsLogs.class)
class SecretsIT {
    @TempDir
    Path directory;

    private final Secrets secrets = new Secrets();

    @Test
    void noOutputContainsSecret() throws Exception {
        secrets.remember("a token of a token service", "fake-token-");
        try (SecretEverywhere configured = new SecretEverywhere(directory, secrets)) {
            Configuration configuration = configured.configuration();
            var forgotten = new TreeSet<>(KeyTable.secrets());
            forgotten.removeAll(KeyTable.written(Files.readString(configuration.file())));
            assertEquals(
                    List.of(), List.copyOf(forgotten), "secrets of the configuration that this test does not have");
            List<String> environment = configured.withEnvironment();

            List<String> found = new ArrayList<>();
            String loaded = command(
                    environment,
                    configuration.file(),
                    "load",
                    "--image-file",
                    configured.list().toString());
            assertTrue(loaded.contains("way-password.example/team/app:0"), loaded);
            found.addAll(secrets.foundIn("what load prints", loaded));
            found.addAll(foundWhileServing(configured, configuration));
            found.addAll(secrets.foundIn("what list prints", command(environment, configuration.file(), "list")));
            String log = Files.readString(directory.resolve("server.log"));
            assertTrue(log.contains(" DEBUG ") && log.contains("io.ociregistry.access"), log);
            found.addAll(secrets.foundIn("the log", log));
            found.addAll(
                    foundInCache(configuration.imagePath(), configured.ways().size()));
            assertEquals(List.of(), found);
        }
    }

    @Test
    void configurationErrorsContainNoSecret() throws Exception {
        Path mistakes = Files.writeString(directory.resolve("mistakes.yaml"), SecretMistakes.yaml(secrets));
        String proxy = "https_proxy=https://edge:" + secrets.token("a proxy of the environment") + "@x";
        String printed = command(List.of("env", proxy), mistakes, "serve");
        assertTrue(printed.contains("registries[22]") && printed.contains("https_proxy"), printed);
        assertEquals(List.of(), secrets.foundIn("what serve prints", printed));
    }

    private List<String> foundWhileServing(SecretEverywhere configured, Configuration configuration)
            throws IOException {
        List<String> found = new ArrayList<>();
        try (FatJar server = FatJar.start(configuration, configured.withEnvironment(), "debug")) {
            try (SecretTraffic clients = new SecretTraffic(configured, secrets, server)) {
                clients.all();
                found.addAll(secrets.foundIn("answers", clients.answers()));
            }
            server.terminate();
            found.addAll(secrets.foundIn("the console", String.join("\n", server.log())));
        }
        return found;
    }

    private List<String> foundInCache(Path images, int atLeast) throws IOException {
        List<String> found = new ArrayList<>();
        List<Path> files;
        try (Stream<Path> walk = Files.walk(images)) {
            files = walk.filter(Files::isRegularFile).toList();
        }
        assertTrue(files.size() > atLeast, files::toString);
        for (Path file : files) {
            found.addAll(secrets.foundIn(
                    file.toString(), file + " " + new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)));
        }
        return found;
    }

    private static String command(List<String> runner, Path configuration, String command, String... options) {
        List<String> line = new ArrayList<>(runner);
        line.addAll(Java.jar(command));
        line.addAll(List.of("--config-file", configuration.toString(), "--log-level", "debug"));
        line.addAll(List.of(options));
        try (Program program = Program.start("secrets-" + command, Map.of(), line)) {
            int status = program.awaitEnd();
            if (command.equals("serve")) {
                assertNotEquals(0, status, program.log());
            }
            return program.log();
        }
    }
}
