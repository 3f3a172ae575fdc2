package io.ociregistry.standalone.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.standalone.Main;
import io.ociregistry.testing.Operator;
import java.io.BufferedReader;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command {@code serve} in a process of its own, to test signals and exit codes. */
@Timeout(60)
class ServeCommandTest {
    private static final String RULE = "-".repeat(70);

    @TempDir
    Path dir;

    @Test
    void serverPrintsBannerAndSignalStopsItWithZero() throws Exception {
        var config = Files.writeString(dir.resolve("c.yaml"), """
                host: 127.0.0.1
                metrics: 9000
                registries:
                - name: a
                  auth: {user: u, password: geheim}
                """);
        var process = serve(serving(config));
        try (var err = process.errorReader()) {
            assertEquals(
                    "ociregistry: warning: " + config + ":2: metrics: has no effect in this build", err.readLine());
            var banner = banner(err);
            assertEquals("OCI Registry: pull-only, pull-through, caching OCI Distribution server", banner.get(0));
            assertTrue(banner.get(1).matches("Version: \\d\\S*, build date: 20\\S+Z"), banner.get(1));
            assertTrue(banner.get(2).matches("Started: 20.* \\(port [1-9]\\d*\\)"), banner.get(2));
            assertTrue(banner.get(3).matches("Running as \\(uid:gid\\) \\d+:\\d+"), banner.get(3));
            assertEquals("Process id: " + process.pid(), banner.get(4));
            assertEquals("Tls: none", banner.get(5));
            assertTrue(banner.get(6).startsWith("Command line: ociregistry --image-path "), banner.get(6));
            assertEquals("Cache: " + dir.resolve("images"), banner.get(7));
            Path tokenFile = dir.resolve("images/admin-token");
            assertEquals("Admin API: the token in " + tokenFile, banner.get(8));
            assertEquals("Log level: error", banner.get(9));
            assertFalse(banner.toString().contains("geheim"));
            assertFalse(banner.toString().contains(Files.readString(tokenFile).strip()));
            process.destroy(); // SIGTERM
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
            assertEquals(0, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void sighupReloadsConfigurationAndReportsResult() throws Exception {
        var config = Files.writeString(dir.resolve("c.yaml"), "host: 127.0.0.1\n");
        var process = serveWithSighup(serving(config));
        try (var err = process.errorReader()) {
            banner(err);
            Files.writeString(config, "host: 127.0.0.2\nunlistedRegistries: deny\n");
            sendSighup(process);
            assertEquals("ociregistry: reload: applied: unlistedRegistries", line(err));
            assertEquals("ociregistry: reload: waiting for a restart: host", line(err));
            Files.writeString(config, "hosts: 127.0.0.1\n");
            sendSighup(process);
            assertEquals(
                    "ociregistry: reload: nothing was changed, because the configuration can't be used:", line(err));
            assertEquals(config + ":1: hosts: unknown key; did you mean host?", line(err));
            process.destroy();
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
            assertEquals(0, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
    }

    private String[] serving(Path config) {
        return new String[] {
            "--image-path", dir.resolve("images").toString(), "serve", "--port", "0", "--config-file", config.toString()
        };
    }

    private static void sendSighup(Process process) throws Exception {
        var kill = new ProcessBuilder("kill", "-HUP", Long.toString(process.pid())).start();
        assertEquals(0, kill.waitFor());
    }

    @Test
    void adminApiStopsServer() throws Exception {
        var process =
                serve("--image-path", dir.resolve("images").toString(), "serve", "--host", "127.0.0.1", "--port", "0");
        try (var err = process.errorReader()) {
            var port = banner(err).get(2).replaceAll(".*port (\\d+).*", "$1");
            var base = URI.create("http://127.0.0.1:" + port);
            assertEquals(
                    200,
                    Operator.of(base, dir.resolve("images"))
                            .ask("POST", "/cmd/stop")
                            .status());
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
            assertEquals(0, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
    }

    private static List<String> banner(BufferedReader err) throws Exception {
        assertEquals(RULE, err.readLine());
        var lines = new ArrayList<String>();
        for (var line = err.readLine(); !RULE.equals(line); line = err.readLine()) {
            lines.add(line);
        }
        return lines;
    }

    /** Starts the program with SIGHUP enabled: under nohup, processes inherit that it is ignored. */
    private static Process serveWithSighup(String... args) throws Exception {
        return start(new ArrayList<>(List.of("env", "--default-signal=HUP")), args);
    }

    /** Waits for a line with a time limit, because reading cannot be interrupted. */
    private static String line(BufferedReader err) {
        return assertTimeoutPreemptively(Duration.ofSeconds(30), err::readLine);
    }

    private static Process serve(String... args) throws Exception {
        return start(new ArrayList<>(), args);
    }

    private static Process start(List<String> line, String... args) throws Exception {
        line.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        line.addAll(List.of(args));
        var builder = new ProcessBuilder(line);
        builder.environment().remove("OCIREGISTRY_CONFIG");
        return builder.start();
    }
}
