package io.ociregistry.standalone.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ociregistry.standalone.Main;
import io.ociregistry.testing.ChildJvm;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.OpensslServer;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.testing.TestCertificates;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands against a server with TLS, with certificates that the test makes. */
@Timeout(60)
class RemoteTlsTest {
    private static final String TOKEN = "0123456789abcdef";

    private final TestCertificates authority = TestCertificates.create();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    Path dir;

    private RunningRegistry registry;

    @AfterEach
    void stop() {
        if (registry != null) {
            registry.close();
        }
    }

    @Test
    void serverIsVerifiedWithOneCaOfSeveralInFile() throws Exception {
        serve(authority.server());
        var file = authorities(TestCertificates.create(), authority);
        assertEquals(0, list("--server-ca", file.toString()), this::errors);
    }

    @Test
    void privateCaIsRefusedWithNamesAndRemedy() throws Exception {
        serve(authority.server());
        assertEquals(1, list());
        assertFails("no TLS connection to the server at URL: .*the certificate of CN=127\\.0\\.0\\.1 for"
                + " \\[127\\.0\\.0\\.1, localhost] was issued by CN=Test Authority \\d+ and is not trusted by the"
                + " operating"
                + " system: .*; if the certificate is right, add its issuer to the file of --server-ca");
    }

    @Test
    void otherCaIsRefusedAndItsFileNamed() throws Exception {
        serve(authority.server());
        var file = authorities(TestCertificates.create());
        assertEquals(1, list("--server-ca", file.toString()));
        assertFails(".*is not trusted by --server-ca " + Pattern.quote(file.toString())
                + ": .*; if the certificate is right, add its issuer to that file");
    }

    @Test
    void certificateForOtherHostIsRefused() throws Exception {
        serve(authority.server("cache.example"));
        assertEquals(1, list("--server-ca", authority.caPem(dir).toString()));
        assertFails(".*the certificate of CN=cache\\.example for \\[cache\\.example] was issued by .* and is for"
                + " another host:"
                + " .*127\\.0\\.0\\.1.*");
    }

    @Test
    void serverThatRequiresClientCertificateHasAdminPort() throws Exception {
        serve(authority.server(), "clientAuth: verify", "ca: '" + authority.caPem(dir) + "'");
        assertEquals(1, list("--server-ca", authority.caPem(dir).toString()));
        assertFails("no TLS connection to the server at URL: .*; the server requires a client certificate, and a"
                + " command has none: use its admin.port, which is plain HTTP");
        err.reset();
        assertEquals(1, list());
        assertTrue(errors().contains(" is not trusted by the operating system: "), errors());
    }

    @Test
    void plainHttpToTlsPortIsExplained() throws Exception {
        serve(authority.server());
        assertEquals(1, run("list", "--server", registry.base().toString()));
        assertEquals(
                "ociregistry: the server at " + registry.base()
                        + " does not speak HTTP; if the port uses TLS, write https://\n",
                errors());
    }

    @Test
    void fileWithoutCertificatesAndPortWithoutTlsAreExplained() throws Exception {
        serve();
        var none = Files.writeString(dir.resolve("none.pem"), "no PEM");
        assertEquals(1, list("--server-ca", none.toString()));
        assertEquals(
                "ociregistry: --server-ca " + none + " can't be used: it contains no certificate in PEM format;"
                        + " write the path of a PEM file with certificates\n",
                errors());
        err.reset();
        assertEquals(1, list("--server-ca", "/none.pem"));
        assertTrue(errors().contains("--server-ca /none.pem can't be used: it does not exist"), errors());
        err.reset();
        assertEquals(1, list("--server-ca", authority.caPem(dir).toString()));
        assertFails("no TLS connection to the server at URL: .*; is that a port with TLS\\? admin\\.port is always"
                + " plain HTTP");
        err.reset();
        assertEquals(1, run("list", "--server", registry.base().toString(), "--server-ca", "/x"));
        assertEquals(
                "ociregistry: --server-ca needs a server with TLS, and --server " + registry.base()
                        + " has none; write https://, or remove --server-ca\n",
                errors());
    }

    @ParameterizedTest
    @ValueSource(strings = {"harbor", "name.example", "name.example."})
    void serverNameIsSentInHandshake(String host) throws Exception {
        try (var ingress = FakeUpstream.startTlsByName(authority, "harbor", "name.example")) {
            var ended = listWhereNamesAreLocal(host, ingress.port());
            // The upstream is not an ociregistry, but it got the request.
            assertTrue(ended.out().contains("ociregistry: the server at https://" + host), ended::out);
            assertEquals(1, ingress.requestsTo("/cmd/manifest/list").size(), ended::out);
        }
    }

    @Test
    void serverNameMayHaveUnderscores() throws Exception {
        var server = OpensslServer.start(authority, "my_cache.example", dir);
        assumeTrue(server.isPresent(), "openssl is not installed");
        try (var ingress = server.get()) {
            ingress.serve("/cmd/manifest/list?count=-1", "application/json", "[]".getBytes(StandardCharsets.US_ASCII));
            var ended = listWhereNamesAreLocal("my_cache.example", ingress.port());
            assertEquals(0, ended.status(), ended::out);
        }
    }

    @Test
    void certificateForOtherNameThanUnderscoreNameIsRefused() throws Exception {
        var server = OpensslServer.start(authority, "my_cache.example", dir);
        assumeTrue(server.isPresent(), "openssl is not installed");
        try (var ingress = server.get()) {
            var ended = listWhereNamesAreLocal("your_cache.example", ingress.port());
            assertTrue(
                    ended.out().contains("no TLS connection to the server at https://your_cache.example"), ended::out);
        }
    }

    private ChildJvm.Result listWhereNamesAreLocal(String host, int port) throws Exception {
        var hosts = Files.writeString(dir.resolve("hosts"), "127.0.0.1 " + host + "\n");
        return ChildJvm.of(Main.class)
                .option("-Djdk.net.hosts.file=" + hosts)
                .run(
                        "list",
                        "--server",
                        "https://" + host + ":" + port,
                        "--server-ca",
                        authority.caPem(dir).toString());
    }

    private void serve(TestCertificates.Server shown, String... more) throws Exception {
        var lines = new ArrayList<>(List.of("cert: '" + shown.certPem(dir) + "'", "key: '" + shown.keyPem(dir) + "'"));
        lines.addAll(List.of(more));
        start("serverTlsConfig: {" + String.join(", ", lines) + "}\n");
    }

    private void serve() throws Exception {
        start("");
    }

    private void start(String yaml) throws Exception {
        registry = RunningRegistry.start("admin: {token: " + TOKEN + "}\n" + yaml, dir.resolve("images"));
    }

    private Path authorities(TestCertificates... several) throws IOException {
        var pem = new StringBuilder("# ours\n");
        for (var each : several) {
            pem.append(Files.readString(each.caPem(dir)));
        }
        return Files.writeString(dir.resolve("authorities.pem"), pem);
    }

    private int list(String... more) throws IOException {
        var token = Files.writeString(dir.resolve("token"), TOKEN);
        var args = new ArrayList<>(List.of("list", "--server", url(), "--token-file", token.toString()));
        args.addAll(List.of(more));
        return run(args.toArray(String[]::new));
    }

    private String url() {
        return registry.base().toString().replace("http:", "https:");
    }

    private void assertFails(String pattern) {
        var expected = "ociregistry: " + pattern.replace("URL", Pattern.quote(url())) + "\n";
        assertTrue(errors().matches(expected), errors());
    }

    private String errors() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private int run(String... args) {
        return Main.run(
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                args);
    }
}
