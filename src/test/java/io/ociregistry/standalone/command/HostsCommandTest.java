package io.ociregistry.standalone.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import io.ociregistry.standalone.Main;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.testing.TestCertificates;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The command {@code hosts} on real files, with a running server. */
@Timeout(60)
class HostsCommandTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    Path dir;

    private Path certs;
    private RunningRegistry registry;

    @BeforeEach
    void start() throws Exception {
        certs = dir.resolve("certs.d");
        registry = RunningRegistry.start("", dir.resolve("images"));
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    @Test
    void fileForAllRegistriesIsWrittenAsServerRendersIt() throws Exception {
        assertEquals(0, write(), this::errors);
        assertEquals("written: " + file("_default") + "\n", output());
        assertEquals(RawHttp.get(registry.base(), "/hosts.toml").text(), Files.readString(file("_default")));
        assertEquals(List.of("_default/hosts.toml"), List.copyOf(files().keySet()));
    }

    @Test
    void namedRegistriesHaveFilesOfTheirOwn() throws Exception {
        assertEquals(0, write("--registry", "index.docker.io, registry.local:5000"), this::errors);
        assertEquals(
                "https://registry-1.docker.io", toml("docker.io").path("server").asText());
        assertEquals(
                "https://registry.local:5000",
                toml("registry.local:5000").path("server").asText());
        assertFalse(Files.exists(certs.resolve("_default")));
    }

    @Test
    void secondRunChangesNothing() throws Exception {
        assertEquals(0, write());
        var before = Files.getLastModifiedTime(file("_default"));
        out.reset();
        assertEquals(0, write());
        assertEquals("unchanged: " + file("_default") + "\n", output());
        assertEquals(before, Files.getLastModifiedTime(file("_default")));
        assertEquals(1, files().size());
    }

    @Test
    void previousVersionIsKept() throws Exception {
        assertEquals(0, write());
        String first = Files.readString(file("_default"));
        assertEquals(0, run("--server", registry.base().toString().replace("127.0.0.1", "localhost")), this::errors);
        assertEquals(first, Files.readString(certs.resolve("_default/hosts.toml.bak")));
        assertTrue(Files.readString(file("_default")).contains("localhost"));
        assertTrue(output().contains("replaced: " + file("_default")), output());
        assertEquals(2, files().size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"hosts.toml", "hosts.toml.bak"})
    void foreignFileStaysAndNothingIsWritten(String name) throws Exception {
        foreign("quay.io/" + name, "server = \"https://quay.io\"\n");
        var before = files();
        assertEquals(1, write("--registry", "docker.io,quay.io"));
        assertTrue(errors().contains(certs.resolve("quay.io/" + name) + " was not written by ociregistry"), errors());
        assertEquals(before, files());
    }

    @Test
    void changedFileStays() throws Exception {
        assertEquals(0, write());
        Files.writeString(file("_default"), Files.readString(file("_default")) + "  skip_verify = true\n");
        var before = files();
        assertEquals(1, write());
        assertTrue(errors().contains("was changed after ociregistry wrote it"), errors());
        assertEquals(1, run("--remove"));
        assertEquals(before, files());
    }

    @Test
    void certificatesThatContainerdWouldIgnoreAreReported() throws Exception {
        foreign("quay.io/ca.crt", "certificate");
        assertEquals(1, write("--registry", "quay.io"));
        assertTrue(errors().contains("containerd would ignore " + certs.resolve("quay.io/ca.crt")), errors());
        assertEquals(1, files().size());
    }

    @Test
    void removeRestoresDirectory() throws Exception {
        foreign("ghcr.io/hosts.toml", "server = \"https://ghcr.io\"\n");
        foreign("quay.io/note.txt", "ours");
        var before = files();
        assertEquals(0, write());
        assertEquals(0, write("--registry", "docker.io,quay.io"));
        assertEquals(0, run("--server", "http://localhost:" + registry.base().getPort()));
        assertEquals(0, run("--server", "http://127.0.0.1:1", "--remove"), this::errors);
        assertEquals(before, files());
        assertFalse(Files.exists(certs.resolve("_default")));
        assertFalse(Files.exists(certs.resolve("docker.io")));
        out.reset();
        assertEquals(0, run("--remove"));
        assertEquals("nothing to remove: " + certs + "\n", output());
    }

    @Test
    void removeOfNamedRegistryLeavesOthers() throws Exception {
        assertEquals(0, write("--registry", "docker.io,quay.io"));
        assertEquals(0, run("--remove", "--registry", "quay.io"), this::errors);
        assertEquals(List.of("docker.io/hosts.toml"), List.copyOf(files().keySet()));
    }

    @Test
    void foreignFileIsNotRemoved() throws Exception {
        foreign("quay.io/hosts.toml", "server = \"https://quay.io\"\n");
        assertEquals(1, run("--remove", "--registry", "quay.io"));
        assertTrue(errors().contains("was not written by ociregistry"), errors());
        assertEquals(1, files().size());
    }

    @Test
    void serverThatDoesNotAnswerIsNotWritten() throws Exception {
        String url;
        try (var unused = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            url = "http://127.0.0.1:" + unused.getLocalPort();
        }
        assertEquals(1, run("--server", url));
        assertTrue(errors().contains("cannot reach the server at " + url), errors());
        assertFalse(Files.exists(certs));
    }

    @Test
    void serverThatCannotReadItsCacheIsNotWritten() throws Exception {
        try (var empty = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var unready = new Thread(() -> answerUnready(empty));
            unready.start();
            assertEquals(1, run("--server", "http://127.0.0.1:" + empty.getLocalPort()));
            unready.join();
        }
        assertTrue(errors().contains("refused the request: status 503"), errors());
        assertFalse(Files.exists(certs));
    }

    private static void answerUnready(ServerSocket socket) {
        try (var client = socket.accept()) {
            client.getInputStream().read(new byte[4096]);
            client.getOutputStream()
                    .write("HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void certificatesVerifyServerAndAreNamedInFile() throws Exception {
        registry.close();
        var authority = TestCertificates.create();
        var keys = authority.server();
        registry = RunningRegistry.start(
                "serverTlsConfig:\n  cert: '%s'\n  key: '%s'\n".formatted(keys.certPem(dir), keys.keyPem(dir)),
                dir.resolve("images"));
        String url = registry.base().toString().replace("http://", "https://");
        var ca = authority.caPem(dir);

        assertEquals(1, run("--server", url));
        assertTrue(errors().contains("add its issuer to the file of --ca"), errors());
        assertFalse(Files.exists(certs));
        assertEquals(0, run("--server", url, "--ca", ca.toString()), this::errors);
        assertEquals(
                ca.toString(),
                toml("_default").path("host").path(url).path("ca").asText());
    }

    @ParameterizedTest
    @CsvSource({
        "'', hosts needs the server that nodes pull from; add --server URL",
        "--server cache.example, 'cache.example' is not the URL of a server",
        "--server http://127.0.0.1:1 --registry quay.io/team, 'quay.io/team' is not host[:port]",
        "--server http://127.0.0.1:1 --registry _default, _default is not a registry",
        "--server http://127.0.0.1:1 --ca /ca.pem, /ca.pem; write https://",
    })
    void invalidOptionIsExplained(String options, String message) {
        assertEquals(1, run(options.isEmpty() ? new String[0] : options.split(" ", -1)));
        assertTrue(errors().contains(message), errors());
        assertFalse(Files.exists(certs));
    }

    @Test
    void directoryThatIsFileIsExplained() throws Exception {
        Files.writeString(certs, "");
        assertEquals(1, write());
        assertTrue(errors().contains("cannot use the directory " + certs), errors());
    }

    private int write(String... options) {
        var all = new ArrayList<>(List.of("--server", registry.base().toString()));
        all.addAll(List.of(options));
        return run(all.toArray(String[]::new));
    }

    private int run(String... options) {
        var all = new ArrayList<>(List.of("hosts", "--dir", certs.toString()));
        all.addAll(List.of(options));
        return Main.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                all.toArray(String[]::new));
    }

    private Path file(String registryName) {
        return certs.resolve(registryName).resolve("hosts.toml");
    }

    private JsonNode toml(String registryName) throws IOException {
        return new TomlMapper().readTree(file(registryName).toFile());
    }

    private void foreign(String name, String text) throws IOException {
        var file = certs.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    /** Returns the text of each file below the directory, by its path. */
    private Map<String, String> files() throws IOException {
        var files = new TreeMap<String, String>();
        try (Stream<Path> all = Files.walk(certs)) {
            for (var file : all.filter(Files::isRegularFile).toList()) {
                files.put(certs.relativize(file).toString(), Files.readString(file));
            }
        }
        return files;
    }

    private String output() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String errors() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
