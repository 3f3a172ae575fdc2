package io.ociregistry.standalone.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.standalone.Main;
import io.ociregistry.standalone.cli.CommandFailure;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Operator;
import io.ociregistry.testing.RawHttp;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
            configFile: other.yaml
            registries:
            - name: a
              auth: {user: u, password: geheim}
            """);
        var process = serve(serving(config));
        try (var err = process.errorReader()) {
            assertEquals(
                    "ociregistry: warning: " + config
                            + ":2: configFile: has no effect in a configuration file; remove it,"
                            + " and name the file by --config-file or OCIREGISTRY_CONFIG",
                    err.readLine());
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
            send("TERM", process);
            assertEquals("ociregistry: stopping", line(err));
            assertEquals("ociregistry: stopped", line(err));
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
            assertEquals(0, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"bogus: 1\n", "clients: {htpasswd: /nonexistent}\n", "serverTlsConfig: {cert: /no, key: /no}\n"})
    void configurationMistakeHasExitCodeThatSystemdDoesNotRestart(String yaml) throws Exception {
        var process = serve(serving(Files.writeString(dir.resolve("c.yaml"), "host: 127.0.0.1\n" + yaml)));
        try {
            process.getErrorStream().transferTo(OutputStream.nullOutputStream());
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
            assertEquals(CommandFailure.CONFIG_EXIT_CODE, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
    }

    /** A server whose upstream is held after a part of a blob that a client fetches. */
    private final class BusyServer implements AutoCloseable {
        private final FakeUpstream upstream = FakeUpstream.start();
        private final Gate gate;
        private final String blob;
        private final Process process;
        private final BufferedReader err;
        private final CompletableFuture<?> client;

        BusyServer(String shutdownTimeout) throws Exception {
            var image = upstream.image("team/app", "1.0").layer(300_000).push();
            gate = upstream.holdBlobAfter(image.layer(0), 100_000);
            blob = "/v2/team/app/blobs/" + image.layer(0) + "?ns=r.example";
            process = serve(
                    serving(Files.writeString(dir.resolve("c.yaml"), """
                        host: 127.0.0.1
                        shutdownTimeout: %s
                        registries: [{name: r.example, endpoint: '%s'}]
                        """.formatted(shutdownTimeout, upstream.url()))));
            err = process.errorReader();
            var port = banner(err).get(2).replaceAll(".*port (\\d+).*", "$1");
            var base = URI.create("http://127.0.0.1:" + port);
            assertEquals(
                    200,
                    RawHttp.get(base, "/v2/team/app/manifests/1.0?ns=r.example").status());
            client = CompletableFuture.runAsync(() -> {
                try {
                    RawHttp.get(base, blob);
                } catch (IOException broken) {
                    // The stop aborts the response.
                }
            });
            gate.awaitReached();
        }

        @Override
        public void close() throws IOException {
            process.destroyForcibly();
            gate.release();
            upstream.close();
            err.close();
            client.orTimeout(30, TimeUnit.SECONDS).join();
        }
    }

    @Test
    void stopReportsWhatItWaitsForAndWhatItAborts() throws Exception {
        try (var server = new BusyServer("1s")) {
            send("TERM", server.process);
            assertEquals(
                    "ociregistry: stopping: waiting up to 1 s for 1 request in flight; a second signal stops at once",
                    line(server.err));
            assertEquals("ociregistry: stopped; it aborted 1 request:", line(server.err));
            assertEquals("  GET " + server.blob + " from 127.0.0.1", line(server.err));
            assertTrue(server.process.waitFor(30, TimeUnit.SECONDS));
            assertEquals(0, server.process.exitValue());
        }
    }

    @Test
    void secondSignalStopsAtOnce() throws Exception {
        try (var server = new BusyServer("10m")) {
            send("TERM", server.process);
            assertTrue(line(server.err).contains("waiting up to 600 s for 1 request"));
            send("TERM", server.process);
            assertEquals("ociregistry: stopped at once by a second signal; it aborted 1 request:", line(server.err));
            assertEquals("  GET " + server.blob + " from 127.0.0.1", line(server.err));
            assertTrue(server.process.waitFor(30, TimeUnit.SECONDS));
            assertEquals(143, server.process.exitValue());
        }
    }

    @Test
    void systemdLearnsOfStartReloadAndStop() throws Exception {
        var told = dir.resolve("told");
        var programs = Files.createDirectories(dir.resolve("bin"));
        var program =
                Files.writeString(programs.resolve("systemd-notify"), "#!/bin/sh\necho \"$*\" >> '" + told + "'\n");
        assertTrue(program.toFile().setExecutable(true));
        var config = Files.writeString(dir.resolve("c.yaml"), "host: 127.0.0.1\n");
        var process = start(
                new ArrayList<>(List.of(
                        "env",
                        "--default-signal=HUP",
                        "NOTIFY_SOCKET=/nonexistent",
                        "PATH=" + programs + ":" + System.getenv("PATH"))),
                serving(config));
        try (var err = process.errorReader()) {
            var port = banner(err).get(2).replaceAll(".*port (\\d+).*", "$1");
            Await.until(
                    "systemd knows of the start",
                    () -> Files.exists(told) && Files.readString(told).contains("READY=1"));
            // The lines of a reload are printed after RELOADING=1, and those of a second one after READY=1.
            for (int i = 0; i < 2; i++) {
                send("HUP", process);
                line(err);
                line(err);
            }
            process.destroy();
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
            var lines = Files.readAllLines(told);
            assertEquals("READY=1 STATUS=serving on port " + port, lines.get(0));
            assertEquals("RELOADING=1 STATUS=reloading the configuration", lines.get(1));
            assertTrue(lines.contains("STOPPING=1 STATUS=stopping"), lines::toString);
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void linesForJournalHavePriorities() throws Exception {
        var journal = Files.writeString(dir.resolve("journal"), "");
        var stream = Files.getAttribute(journal, "unix:dev") + ":" + Files.getAttribute(journal, "unix:ino");
        var config = Files.writeString(dir.resolve("c.yaml"), "configFile: other\nclients: {htpasswd: /nonexistent}\n");
        var command = command(new ArrayList<>(List.of("env", "JOURNAL_STREAM=" + stream)), serving(config));
        var process =
                new ProcessBuilder(command).redirectError(journal.toFile()).start();
        assertTrue(process.waitFor(30, TimeUnit.SECONDS));
        var lines = Files.readAllLines(journal);
        assertTrue(lines.get(0).startsWith("<4>ociregistry: warning: "), lines::toString);
        assertTrue(lines.get(1).startsWith("<3>ociregistry: "), lines::toString);
    }

    @Test
    void sighupReloadsConfigurationAndReportsResult() throws Exception {
        var config = Files.writeString(dir.resolve("c.yaml"), "host: 127.0.0.1\n");
        var process = serveWithSighup(serving(config));
        try (var err = process.errorReader()) {
            banner(err);
            Files.writeString(config, "host: 127.0.0.2\nunlistedRegistries: deny\n");
            send("HUP", process);
            assertEquals("ociregistry: reload: applied: unlistedRegistries", line(err));
            assertEquals("ociregistry: reload: waiting for a restart: host", line(err));
            Files.writeString(config, "hosts: 127.0.0.1\n");
            send("HUP", process);
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

    @Test
    void startAndReloadWarnOfFilesThatRequestsWillNeed() throws Exception {
        String yaml = """
            host: 127.0.0.1
            registries:
            - {name: r.example, auth: {user: me, passwordFile: /none.FILE}}
            """;
        var config = Files.writeString(dir.resolve("c.yaml"), yaml.replace("FILE", "start"));
        String warning = "ociregistry: warning: registry r.example: auth.passwordFile /none.FILE can't be used: it does"
                + " not exist. Requests to it fail until this is corrected";
        var process = serveWithSighup(serving(config));
        try (var err = process.errorReader()) {
            assertEquals(warning.replace("FILE", "start"), line(err));
            banner(err);
            Files.writeString(config, yaml.replace("FILE", "reload"));
            send("HUP", process);
            assertEquals("ociregistry: reload: applied: registries", line(err));
            assertEquals("ociregistry: reload: waiting for a restart: nothing", line(err));
            assertEquals(
                    warning.replace("ociregistry: ", "ociregistry: reload: ").replace("FILE", "reload"), line(err));
        } finally {
            process.destroyForcibly();
        }
    }

    private String[] serving(Path config) {
        return new String[] {
            "--image-path", dir.resolve("images").toString(), "serve", "--port", "0", "--config-file", config.toString()
        };
    }

    /** Sends a signal; unlike {@link Process#destroy()}, it leaves the output of the process open. */
    private static void send(String signal, Process process) throws Exception {
        var kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start();
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
        var builder = new ProcessBuilder(command(line, args));
        builder.environment().remove("OCIREGISTRY_CONFIG");
        return builder.start();
    }

    private static List<String> command(List<String> line, String... args) {
        line.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        line.addAll(List.of(args));
        return line;
    }
}
