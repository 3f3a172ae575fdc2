package io.ociregistry.standalone.jetty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.common.ReloadingFile;
import io.ociregistry.common.Secret;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.model.ServerTlsConfig;
import io.ociregistry.config.model.ServerTlsConfig.ClientAuth;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.testing.TestCertificates.KeyForm;
import io.ociregistry.testing.TestCertificates.KeyKind;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS towards clients, with real handshakes and certificates that the test makes. */
@Timeout(60)
class ServerTlsTest {
    private final TestCertificates authority = TestCertificates.create();

    @TempDir
    Path dir;

    private ServerLimits limits = limits(Duration.ofSeconds(30));
    private EmbeddedServer server;

    private static final class Registering implements ServletContextListener {
        @Override
        public void contextInitialized(ServletContextEvent event) {
            event.getServletContext().addServlet("yes", new Yes()).addMapping("/v2/*");
        }
    }

    private static final class Yes extends HttpServlet {
        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.getOutputStream().print(request.isSecure() ? "securely" : "openly");
        }
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.stop(Duration.ZERO);
        }
    }

    @Test
    void clientThatTrustsCaIsServedByTls12OrNewer() throws Exception {
        start(ClientAuth.NONE, Optional.empty());
        try (RawHttp http = RawHttp.connectTls(base(), authority.trusting())) {
            assertEquals("securely", http.send("GET", "/v2/").text());
            assertEquals("securely", http.send("GET", "/v2/").text());
        }
        assertEquals("TLSv1.3", session(authority.trusting()).getProtocol());
        assertEquals("TLSv1.2", session(authority.trusting(), "TLSv1.2").getProtocol());
    }

    /** Like the probe of a kubelet, which does not verify the certificate. */
    @Test
    void requestForNameNotInCertificateIsServed() throws Exception {
        start(ClientAuth.NONE, Optional.empty());
        try (RawHttp http = RawHttp.connectTls(base(), authority.trusting())) {
            for (String host : List.of("10.0.0.7:8080", "cache.example")) {
                String request = "GET /v2/ HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
                assertEquals("securely", http.sendRaw(request, false).text());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"RSA,TRADITIONAL", "RSA,ENCRYPTED_TRADITIONAL", "EC,TRADITIONAL", "EC,ENCRYPTED_PKCS8", "ED25519,PKCS8"
    })
    void keysAreReadInEveryForm(KeyKind kind, KeyForm form) throws Exception {
        TestCertificates.Client issued = authority.client("127.0.0.1", kind);
        Path key = issued.keyPem(dir, form, "geheim");
        serve(new ServerTlsConfig(
                Optional.of(issued.certPem(dir)),
                Optional.of(key),
                Optional.of(new Secret("geheim")),
                Optional.empty(),
                ClientAuth.NONE));
        assertEquals("securely", ask(authority.trusting()));
    }

    @Test
    void renewedCertificateAppliesToNewConnections() throws Exception {
        start(ClientAuth.NONE, Optional.empty());
        try (RawHttp before = RawHttp.connectTls(base(), authority.trusting())) {
            assertEquals("securely", before.send("GET", "/v2/").text());
            renew("127.0.0.1", "renewed");
            awaitShown("CN=127.0.0.1", "renewed");
            assertEquals("securely", before.send("GET", "/v2/").text());
        }
    }

    @Test
    void unusableKeyKeepsOldPairAndIsLoggedOnce() throws Exception {
        start(ClientAuth.NONE, Optional.empty());
        try (LogLines log = LogLines.of(ReloadingFile.class.getName())) {
            Files.writeString(dir.resolve("server.key"), "-----BEGIN PRIVATE KEY-----\nMIGH");
            awaitWarning(log);
            assertEquals("securely", ask(authority.trusting()));
            TestCertificates.Server next = authority.server("127.0.0.1", "next");
            next.keyPem(dir);
            assertEquals("securely", ask(authority.trusting()));
            next.certPem(dir);
            awaitShown("CN=127.0.0.1", "next");
            assertEquals(1, log.at("WARN").size(), log.text());
            assertTrue(log.text().contains("serverTlsConfig.key " + dir.resolve("server.key")), log.text());
            assertTrue(log.text().contains("The previous content is used"), log.text());
        }
    }

    @Test
    void clientsWithoutRequiredCertificateAreRefused() throws Exception {
        start(ClientAuth.VERIFY, Optional.of(authority.caPem(dir)));
        try (LogLines log = LogLines.of(HandshakeLog.class.getName())) {
            assertEquals("securely", ask(authority.client("node-1").sslContext()));
            assertEquals("", log.text());
            assertRefused(authority.trusting());
            Await.until("it is logged", () -> !log.at("INFO").isEmpty());
            assertTrue(
                    log.at("INFO")
                            .get(0)
                            .matches("INFO client /127\\.0\\.0\\.1:\\d+ was refused by serverTlsConfig\\.clientAuth:"
                                    + " .*client certificate.*"),
                    log.text());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void clientsWithForeignOrExpiredCertificateAreRefused(boolean isExpired) throws Exception {
        TestCertificates clients = TestCertificates.create();
        start(ClientAuth.VERIFY, Optional.of(clients.caPem(dir)));
        try (LogLines log = LogLines.of(HandshakeLog.class.getName())) {
            assertRefused(
                    isExpired
                            ? clients.expiredServer().contextTrusting(authority)
                            : authority.client("node-1").contextTrusting(authority));
            Await.until("it is logged", () -> !log.at("INFO").isEmpty());
            assertTrue(log.text().contains("was refused by serverTlsConfig.clientAuth: "), log.text());
        }
        assertEquals("securely", ask(clients.client("node-1").contextTrusting(authority)));
    }

    @Test
    void failedHandshakesAreLoggedOncePerClient() throws Exception {
        start(ClientAuth.NONE, Optional.empty());
        try (LogLines log = LogLines.of(HandshakeLog.class.getName())) {
            for (int i = 0; i < 3; i++) {
                try (RawHttp http = RawHttp.connect(base())) {
                    http.write("GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n");
                    http.rest();
                }
            }
            assertEquals("securely", ask(authority.trusting()));
            assertEquals(1, log.at("INFO").size(), log.text());
            assertTrue(
                    log.text().matches("INFO client /127\\.0\\.0\\.1:\\d+ failed in the TLS handshake: .*"),
                    log.text());
        }
    }

    @Test
    void connectionWithoutHandshakeIsNotLogged() throws Exception {
        start(ClientAuth.NONE, Optional.empty());
        try (LogLines log = LogLines.of(HandshakeLog.class.getName())) {
            try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
                probe.shutdownOutput();
                assertEquals(-1, probe.getInputStream().read());
            }
            assertEquals("", log.text());
        }
    }

    @Test
    void withoutCaSystemTrustVerifiesClients() throws Exception {
        start(ClientAuth.VERIFY, Optional.empty());
        assertRefused(authority.client("node-1").sslContext());
    }

    @Test
    void clientOfRemovedCaCannotResumeSession() throws Exception {
        start(ClientAuth.VERIFY, Optional.of(authority.caPem(dir)));
        SSLContext node = authority.client("node-1").sslContext();
        assertEquals("securely", ask(node));
        assertEquals("securely", ask(node), "from here on a session could be resumed");
        TestCertificates.create().caPem(dir);
        Await.until("the changed authority counts", () -> !isServed(node));
        assertRefused(node);
    }

    @Test
    void plainHttpToTlsPortIsClosed() throws Exception {
        start(ClientAuth.NONE, Optional.empty());
        try (LogLines log = LogLines.of("io.ociregistry");
                LogLines jetty = LogLines.of("org.eclipse.jetty");
                RawHttp http = RawHttp.connect(base())) {
            http.write("GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n");
            byte[] answer = http.rest();
            assertTrue(answer.length < 20, "a TLS alert at most");
            assertEquals(0, log.at("WARN").size() + log.at("ERROR").size(), log.text());
            assertEquals(0, jetty.at("WARN").size() + jetty.at("ERROR").size(), jetty.text());
        }
        assertEquals("securely", ask(authority.trusting()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"''", "16030100"})
    void unfinishedHandshakeIsClosed(String start) throws Exception {
        limits = limits(Duration.ofMillis(500));
        start(ClientAuth.NONE, Optional.empty());
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(java.util.HexFormat.of().parseHex(start));
            assertEquals(-1, socket.getInputStream().read());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "serverTlsConfig.cert DIR/none.pem can't be used: it does not exist | none.pem |" + " server.key",
                "serverTlsConfig.cert DIR/server.key can't be used: it contains no certificate in PEM"
                        + " format | server.key | server.key",
                "serverTlsConfig.key DIR/server.pem can't be used: it contains no private key in PEM format"
                        + " | server.pem | server.pem",
                "serverTlsConfig.key DIR/other.key can't be used: it is not the key of a certificate in"
                        + " serverTlsConfig.cert DIR/server.pem | server.pem | other.key",
                "serverTlsConfig.key DIR/locked.key can't be used: it is encrypted, and neither"
                        + " serverTlsConfig.keyPassword nor serverTlsConfig.keyPasswordFromEnv is set | server.pem"
                        + " | locked.key",
            })
    void unusableFileFailsStart(String why, String cert, String key) throws Exception {
        TestCertificates.Server issued = authority.server();
        issued.certPem(dir);
        Path other = authority.client("other").keyPem(dir, KeyForm.PKCS8, "");
        Files.move(other, dir.resolve("other.key"));
        Path locked = authority.client("other").keyPem(dir, KeyForm.ENCRYPTED_PKCS8, "geheim");
        Files.move(locked, dir.resolve("locked.key"));
        issued.keyPem(dir);
        var failure = assertThrows(
                StartException.class,
                () -> serve(config(dir.resolve(cert), dir.resolve(key), Optional.empty(), ClientAuth.NONE)));
        assertEquals(
                why.replace("DIR", dir.toString()) + "; correct the file, or name another in the configuration",
                failure.getMessage());
    }

    @Test
    void bannerDescribesCertificateAndClientAuth() throws Exception {
        start(ClientAuth.NONE, Optional.empty());
        String plain = server.tls().orElseThrow().description();
        assertTrue(
                plain.matches("certificate of CN=127.0.0.1 in " + dir
                        + "/server.pem, valid until 20[0-9TZ:-]+; clients need no certificate"),
                plain);
        stop();
        TestCertificates.Server expired = authority.expiredServer();
        serve(config(expired.certPem(dir), expired.keyPem(dir), Optional.of(authority.caPem(dir)), ClientAuth.VERIFY));
        String over = server.tls().orElseThrow().description();
        assertTrue(over.contains("EXPIRED"), over);
        assertTrue(over.endsWith("; clients need a certificate that " + dir + "/ca.pem trusts"), over);
    }

    private void start(ClientAuth clientAuth, Optional<Path> ca) throws StartException {
        TestCertificates.Server issued = authority.server();
        serve(config(issued.certPem(dir), issued.keyPem(dir), ca, clientAuth));
    }

    private static ServerTlsConfig config(Path cert, Path key, Optional<Path> ca, ClientAuth clientAuth) {
        return new ServerTlsConfig(Optional.of(cert), Optional.of(key), Optional.empty(), ca, clientAuth);
    }

    /** @param headers the time limit for the handshake and the headers of a request */
    private static ServerLimits limits(Duration headers) {
        return new ServerLimits(100, headers, Duration.ofMinutes(2), Duration.ofSeconds(30), Duration.ofMillis(20));
    }

    private void serve(ServerTlsConfig tls) throws StartException {
        ServerConfig config = ServerConfig.defaults()
                .with(ServerKeys.HOST, "127.0.0.1")
                .with(ServerKeys.PORT, 0)
                .with(ServerKeys.SERVER_TLS_CONFIG, tls);
        server = EmbeddedServer.start(config, new Registering(), limits, connector -> {});
    }

    private URI base() {
        return URI.create("https://127.0.0.1:" + server.port());
    }

    private String ask(SSLContext client) throws IOException {
        try (RawHttp http = RawHttp.connectTls(base(), client)) {
            return http.send("GET", "/v2/").text();
        }
    }

    private boolean isServed(SSLContext client) {
        try {
            return ask(client).equals("securely");
        } catch (IOException e) {
            return false;
        }
    }

    private void assertRefused(SSLContext client) {
        assertThrows(IOException.class, () -> ask(client));
    }

    private void renew(String... names) {
        TestCertificates.Server next = authority.server(names);
        next.certPem(dir);
        next.keyPem(dir);
    }

    private void awaitShown(String subject, String name) throws Exception {
        Await.until(
                "the certificate for " + name + " is shown",
                () -> shown().getSubjectAlternativeNames().toString().contains(name));
        assertEquals(subject, shown().getSubjectX500Principal().getName());
    }

    private X509Certificate shown() throws IOException {
        return (X509Certificate) session(authority.trusting()).getPeerCertificates()[0];
    }

    private static void awaitWarning(LogLines log) throws Exception {
        Await.until("a warning", () -> !log.at("WARN").isEmpty());
    }

    private SSLSession session(SSLContext client, String... protocols) throws IOException {
        try (SSLSocket socket =
                (SSLSocket) client.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), server.port())) {
            if (protocols.length > 0) {
                socket.setEnabledProtocols(protocols);
            }
            socket.startHandshake();
            return socket.getSession();
        }
    }
}
