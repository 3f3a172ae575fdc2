package io.ociregistry.standalone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.command.ServeCommand;
import io.ociregistry.testing.TestCertificates;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    Path dir;

    @ParameterizedTest
    @ValueSource(strings = {"", "--help", "-h", "help", "h", "--log-level debug --help"})
    void withoutCommandUsageIsPrinted(String line) {
        assertEquals(0, run(line));
        assertEquals("", text(err));
        var usage = text(out);
        assertTrue(
                usage.matches("(?s)NAME:\n   ociregistry - .*\n\nUSAGE:\n   ociregistry \\[global options] "
                        + "\\[command \\[command options]]\n\nCOMMANDS:\n   serve .*   load .*   list .*   prune .*"
                        + "   version .*"
                        + "   help, h .*\n\nGLOBAL OPTIONS:\n   --log-level string .*   --config-file file .*"
                        + "   --image-path dir .*   --log-file file .*   --log-format string .*   --help, -h .*\n"),
                usage);
    }

    @ParameterizedTest
    @ValueSource(strings = {"serve --help", "serve -h", "help serve", "h serve", "--help serve", "serve --port 1 -h"})
    void commandHasItsOwnHelp(String line) {
        assertEquals(0, run(line));
        assertTrue(text(out).contains("   --port int "), text(out));
        assertTrue(text(out).contains("(default: 8080)"), text(out));
        assertFalse(text(out).contains("--dry-run"), text(out));
    }

    @Test
    void optionsAreAcceptedBeforeAndAfterCommand() throws Exception {
        var expected = Map.of(
                CliOption.IMAGE_PATH,
                "/x",
                CliOption.LOG_LEVEL,
                "debug",
                CliOption.PORT,
                "1",
                CliOption.AIR_GAPPED,
                "true");
        for (var line : List.of(
                "--image-path /x --log-level debug serve --port 1 --air-gapped",
                "serve --air-gapped --port=1 --image-path=/x --log-level debug",
                "--port 1 --air-gapped serve --image-path /x --log-level=debug",
                "serve --port 2 --port 1 --air-gapped --image-path /x --log-level debug")) {
            var serve = assertInstanceOf(ServeCommand.class, CommandLine.parse(line.split(" ")));
            assertEquals(expected, serve.options().values(), line);
        }
    }

    @Test
    void switchCanBeTurnedOff() throws Exception {
        var serve = assertInstanceOf(ServeCommand.class, CommandLine.parse("serve", "--air-gapped=false"));
        assertFalse(serve.options().has(CliOption.AIR_GAPPED));
        assertEquals(Optional.of("false"), serve.options().get(CliOption.AIR_GAPPED));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--port 8080 | --port needs a command; did you mean: ociregistry serve --port?",
                "--dry-run | --dry-run needs a command; did you mean: ociregistry prune --dry-run?",
                "--image-path /x | --image-path needs a command; did you mean: ociregistry serve --image-path?",
                "list --port 8080 | --port is an option of serve and health, not of list",
                "serve --prot 8080 | unknown option --prot; did you mean --port?",
                "--prot 8080 serve | unknown option --prot; did you mean --port?",
                "--prot=1 | unknown option --prot; did you mean --port?",
                "serve --xyzzy | unknown option --xyzzy; see: ociregistry serve --help",
                "serve -p 80 | unknown option -p; see: ociregistry serve --help",
                "serve --port | --port needs a value",
                "list --pattern --digests | --pattern needs a value",
                "list --digests=maybe | --digests: 'maybe' is neither true nor false",
                "serev | unknown command 'serev'; did you mean serve?",
                "help serev | unknown command 'serev'; did you mean serve?",
                "xyzzy | unknown command 'xyzzy'; the commands are serve, load, list, export, prune, verify, hosts,"
                        + " check-config, health, version, help",
                "check-config a b | unexpected 'b' after a",
                "serve twice | unexpected 'twice' after serve",
                "serve --version | unexpected 'version' after serve",
                "load --image-file x/y | cannot load images: x/y: there is no such file",
                "list --image-path /none | cannot list the image path /none: /none: there is no such directory",
                "list --image-path /proc | cannot list the image path /proc: /proc: there is no cache in it",
                "list --output yaml | --output 'yaml' is not one of table, wide, json and csv",
                "list --pattern a, | the pattern 'a,' has an empty part, which would match everything; write . to"
                        + " match everything",
                "list --pattern a( | the pattern 'a(' is not an RE2 expression: missing closing )",
            })
    void invalidCommandLineIsExplainedInOneLine(String line, String message) {
        assertEquals(1, run(line));
        assertEquals("ociregistry: " + message + "\n", text(err));
        assertEquals("", text(out));
    }

    @ParameterizedTest
    @ValueSource(strings = {"version", "--version", "--log-level debug --version"})
    void versionIsPrinted(String line) {
        assertEquals(0, run(line));
        assertTrue(text(out).matches("ociregistry version: \\d+\\.\\S+ build date: 20\\S+Z\n"), text(out));
    }

    @Test
    void invalidConfigurationIsReportedWithoutStackTrace() throws Exception {
        var file = Files.writeString(dir.resolve("c.yaml"), "prot: 1\nairGapped: x\n");
        assertEquals(78, run("serve --port x --config-path " + file));
        assertEquals("""
            ociregistry: the configuration cannot be used:
            FILE:1: prot: unknown key; did you mean port?
            FILE:2: airGapped: 'x' is neither true nor false
            --port: 'x' is not a whole number from 0 to 65535
            """.replace("FILE", file.toString()), text(err));
    }

    @Test
    void missingConfigurationFileIsReported() {
        assertEquals(78, run("serve --config-file /none"));
        assertTrue(text(err).endsWith("--config-file names /none, which is not a file; correct or remove it\n"));
    }

    @Test
    void checkConfigWarnsOfWhatFailsLater() throws Exception {
        var certificates = TestCertificates.create();
        Path key = certificates.client("other").keyPem(Files.createDirectory(dir.resolve("other")));
        var yaml = """
            configFile: x
            registries:
            - name: r.example
              tls: {ca: DIR/none.pem}
              auth: {user: me, passwordFile: DIR/none.txt}
            - name: s.example
              auth: {credentialHelper: no-such-helper}
              proxy: {url: "http://p:1", user: me, passwordFile: DIR/none.txt}
              mirrors:
              - {url: "https://m.example", tls: {cert: CERT, key: KEY}}
            """;
        var file = Files.writeString(
                dir.resolve("c.yaml"),
                yaml.replace("DIR", dir.toString())
                        .replace("CERT", certificates.client("me").certPem(dir).toString())
                        .replace("KEY", key.toString()));
        assertEquals(0, run("check-config " + file));
        assertEquals("the configuration can be used; warnings: 6\n", text(out));
        List<String> expected = List.of(
                "c.yaml:1: configFile: has no effect",
                "registry r.example: tls.ca DIR/none.pem can't be used: ",
                "registry r.example: auth.passwordFile DIR/none.txt can't be used: it does not exist",
                "registry s.example: auth.credentialHelper docker-credential-no-such-helper can't be used: it is not"
                        + " on",
                "registry s.example: proxy.passwordFile DIR/none.txt can't be used: it does not exist",
                "registry s.example, mirror https://m.example: tls.key " + key
                        + " can't be used: it is not the key of");
        List<String> warnings = text(err).lines().toList();
        for (int i = 0; i < expected.size(); i++) {
            String part = expected.get(i).replace("DIR", dir.toString());
            assertTrue(warnings.get(i).startsWith("ociregistry: warning: "), warnings.get(i));
            assertTrue(warnings.get(i).contains(part), warnings.get(i));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "airGapped: maybe",
                "serverTlsConfig: {cert: DIR/none.pem, key: DIR/none.pem}",
                "clients: {htpasswd: DIR/none.pem}"
            })
    void checkConfigHasExitCodeForProblems(String yaml) throws Exception {
        var file = Files.writeString(dir.resolve("c.yaml"), yaml.replace("DIR", dir.toString()));
        assertEquals(78, run("check-config --config-file " + file));
        assertTrue(text(err).startsWith("ociregistry: the configuration cannot be used:\n"), text(err));
        assertEquals(2, text(err).lines().count(), text(err));
        assertEquals("", text(out));
    }

    @Test
    void unusableImagePathIsReported() {
        assertEquals(1, run("serve --port 0 --image-path /proc/none/x"));
        assertTrue(text(err).startsWith("ociregistry: cannot use the image path /proc/none/x: "), text(err));
        assertEquals(1, text(err).lines().count());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "serverTlsConfig.cert FILE | serverTlsConfig: {cert: FILE, key: FILE}",
                "clients.htpasswd FILE | clients: {htpasswd: FILE}",
                "clients.tokenFile FILE | clients: {tokenFile: FILE}"
            })
    void unreadableFileOfConfigurationIsReported(String row) throws Exception {
        var nowhere = dir.resolve("none").toString();
        var columns = row.replace("FILE", nowhere).split(" \\| ", -1);
        var config = Files.writeString(dir.resolve("c.yaml"), columns[1] + "\n");
        assertEquals(78, run("serve --port 0 --image-path " + dir.resolve("images") + " --config-file " + config));
        assertTrue(text(err).startsWith("ociregistry: " + columns[0] + " can't be used: it does not exist"), text(err));
        assertTrue(text(err).endsWith("; correct the file, or name another in the configuration\n"), text(err));
        assertEquals(1, text(err).lines().count());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "serve --config-file BAD",
                "serve --config-path BAD",
                "serve --image-path BAD",
                "serve --log-file BAD",
                "load --image-file BAD",
                "export --output BAD",
                "export --output - --exclude-from BAD",
                "list --server http://localhost:1 --token-file BAD",
                "list --server https://localhost:1 --server-ca BAD",
            })
    void invalidPathIsReportedWithoutStackTrace(String line) {
        // The locale C has no such character, but this JVM may have another locale; a NUL is invalid in all of them.
        String[] args = line.split(" ");
        for (int i = 0; i < args.length; i++) {
            args[i] = args[i].equals("BAD") ? "a\0b" : args[i];
        }
        assertNotEquals(0, run(args));
        assertTrue(text(err).contains("Nul character not allowed"), text(err));
        assertFalse(text(err).contains("Exception"), text(err));
    }

    /** Runs command lines, whose words are separated by {@code |}, in a process with the locale C. */
    static final class InLocaleC {
        public static void main(String[] lines) {
            for (String line : lines) {
                Main.run(System.out, System.out, line.split("\\|"));
            }
        }
    }

    @Test
    void pathThatTheLocaleCannotExpressIsReported() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String name = "$(printf 'Z\\303\\274rich')";
        String lines = "\"serve|--config-file|" + name + "\" \"export|--output|" + name + "\" \"list|--log-file|" + name
                + "\" list";
        ProcessBuilder builder = new ProcessBuilder(
                        "sh",
                        "-c",
                        "export OCIREGISTRY_CONFIG=" + name + "; exec " + java + " -XX:TieredStopAtLevel=1 -cp \"$CP\" "
                                + "'" + InLocaleC.class.getName() + "' " + lines)
                .redirectErrorStream(true);
        builder.environment().put("CP", System.getProperty("java.class.path"));
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        assertEquals(
                List.of(
                        "ociregistry: --config-file: '",
                        "ociregistry: --output: '",
                        "the environment variable OCIREGISTRY_CONFIG",
                        "the environment variable OCIREGISTRY_CONFIG"),
                output.lines()
                        .filter(line -> line.contains("LC_ALL=C.UTF-8"))
                        .map(line -> line.replaceFirst("(: '|OCIREGISTRY_CONFIG).*", "$1"))
                        .toList(),
                output);
    }

    @Test
    @Timeout(20)
    void namedPipeAsLogFileIsRefused() throws Exception {
        Path pipe = dir.resolve("log");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        assertEquals(1, run("serve --port 0 --image-path " + dir + " --log-file " + pipe));
        assertEquals(
                "ociregistry: cannot write the log file " + pipe + ": it is a named pipe, and the server would hang"
                        + " whenever no program reads it; name a regular file, or write the log to the console\n",
                text(err));
    }

    @Test
    void unwritableLogFileIsReported() {
        assertEquals(1, run("serve --port 0 --image-path " + dir + " --log-file /proc/none/log"));
        assertTrue(text(err).startsWith("ociregistry: cannot write the log file /proc/none/log: "), text(err));
        assertEquals(1, text(err).lines().count());
    }

    private int run(String line) {
        return run(line.isEmpty() ? new String[0] : line.split(" "));
    }

    private int run(String[] args) {
        return Main.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                args);
    }

    private static String text(ByteArrayOutputStream stream) {
        return stream.toString(StandardCharsets.UTF_8);
    }
}
