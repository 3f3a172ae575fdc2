package io.ociregistry.upstream.net;

import static io.ociregistry.upstream.pool.TestUpstreams.assertHolds;
import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class UpstreamTlsTest {
    private static final Optional<Path> NONE = Optional.empty();

    @TempDir
    Path dir;

    private final TestCertificates authority = TestCertificates.create();
    private final TestCertificates another = TestCertificates.create();
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    @Test
    void privateCaIsNotTrustedAndTheErrorNamesTheSetting() {
        FakeUpstream up = opened(FakeUpstream.startTls(authority.server()));
        RegistryException failed = rejected(up, TlsConfig.DEFAULT);
        assertHolds(
                "GET manifest registry.example.com/team/app:1: no TLS connection to " + up.url(), failed.getMessage());
        assertHolds("CN=Test Authority", failed.getMessage());
        assertHolds("is not trusted by the operating system", failed.getMessage());
        assertHolds("add its issuer to tls.ca of this registry or mirror", failed.getMessage());
        assertEquals(List.of(), up.requests());
    }

    @Test
    void configuredCaIsTrusted() throws IOException {
        FakeUpstream up = opened(FakeUpstream.startTls(authority.server()));
        accepted(up, trusting(authority.caPem(dir)));
        String both = Files.readString(another.caPem(directory("another"))) + "\n# and\n"
                + Files.readString(authority.caPem(directory("authority")));
        accepted(up, trusting(Files.writeString(dir.resolve("both.pem"), both)));
    }

    @Test
    void onlyTheConfiguredCaIsTrusted() throws IOException {
        FakeUpstream up = opened(FakeUpstream.startTls(authority.server()));
        Path file = another.caPem(dir);
        assertHolds(
                "is not trusted by tls.ca " + file + ": ",
                rejected(up, trusting(file)).getMessage());
    }

    @Test
    void missingTlsFileIsNamed() {
        FakeUpstream up = opened(FakeUpstream.startTls(authority.server()));
        Path missing = dir.resolve("missing.pem");
        RegistryException failed = rejected(up, trusting(missing));
        assertHolds("tls.ca " + missing, failed.getMessage());
        assertHolds("does not exist", failed.getMessage());
        assertHolds("GET manifest registry.example.com/team/app:1: ", failed.getMessage());
        failed = rejected(up, showing(authority.client("edge").certPem(dir), missing));
        assertHolds("tls.key " + missing, failed.getMessage());
        failed = rejected(up, showing(missing, authority.client("edge").keyPem(dir)));
        assertHolds("tls.cert " + missing, failed.getMessage());
    }

    @Test
    void invalidTlsFileIsNamedAndNotQuoted() throws IOException {
        FakeUpstream up = opened(FakeUpstream.startTls(authority.server()));
        Path garbage = Files.writeString(dir.resolve("garbage.pem"), "s3cret garbage");
        Path broken = Files.writeString(
                dir.resolve("broken.pem"), "-----BEGIN CERTIFICATE-----\ns3cret\n-----END CERTIFICATE-----\n");
        for (Path file : List.of(garbage, broken, Files.writeString(dir.resolve("empty.pem"), ""))) {
            RegistryException failed = rejected(up, trusting(file));
            assertHolds("tls.ca " + file, failed.getMessage());
            assertEquals(false, failed.getMessage().contains("s3cret"), failed.getMessage());
        }
        RegistryException failed = rejected(up, showing(authority.client("edge").certPem(dir), garbage));
        assertHolds("tls.key " + garbage, failed.getMessage());
    }

    @Test
    void correctedTlsFileIsReadAgain() throws IOException {
        FakeUpstream up = opened(FakeUpstream.startTls(authority.server()));
        Path file = dir.resolve("ca.pem");
        TestUpstreams upstreams = upstreams(up, trusting(file));
        FakeImage image = up.image("team/app", "1").push();
        failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstreams.manifest("team/app", "1"));
        authority.caPem(dir);
        assertArrayEquals(image.manifest(), upstreams.manifest("team/app", "1").bytes());
    }

    @Test
    void hostNameIsVerified() {
        FakeUpstream up = opened(FakeUpstream.startTls(authority.server("other.example.com")));
        RegistryException failed = rejected(up, trusting(authority.caPem(dir)));
        assertHolds("no TLS connection to " + up.url(), failed.getMessage());
        assertHolds("for [other.example.com] was issued by CN=Test Authority", failed.getMessage());
        assertHolds("is for another host: ", failed.getMessage());
        assertEquals(false, failed.getMessage().contains("tls.ca"), failed.getMessage());
    }

    @Test
    void expiredCertificateIsRefused() {
        FakeUpstream up = opened(FakeUpstream.startTls(authority.expiredServer()));
        RegistryException failed = rejected(up, trusting(authority.caPem(dir)));
        assertHolds("expired", failed.getMessage().toLowerCase(java.util.Locale.ROOT));
    }

    @Test
    void insecureSkipVerifyAcceptsAnyCertificate() {
        TlsConfig careless = new TlsConfig(NONE, NONE, NONE, true);
        accepted(opened(FakeUpstream.startTls(authority.server())), careless);
        accepted(opened(FakeUpstream.startTls(authority.server("other.example.com"))), careless);
        accepted(opened(FakeUpstream.startTls(authority.expiredServer())), careless);
    }

    @Test
    void insecureSkipVerifyAppliesOnlyToTheRegistry() {
        FakeUpstream up = opened(FakeUpstream.startTls(authority.server()));
        FakeUpstream storage = opened(FakeUpstream.startTls(authority.server()));
        up.on(Match.manifests()).always(new Fault.RedirectTo(storage.url() + "/v2/team/app/manifests/1"));
        rejected(up, new TlsConfig(NONE, NONE, NONE, true));
        assertEquals(List.of(), storage.requests());
    }

    @Test
    void configuredCaAppliesToRedirectsAndNamesAreVerified() {
        FakeUpstream up = opened(FakeUpstream.startTls(authority.server()));
        FakeUpstream storage = opened(FakeUpstream.startTls(authority.server()));
        FakeUpstream misnamed = opened(FakeUpstream.startTls(authority.server("other.example.com")));
        FakeImage image = up.image("team/app", "1").layer(1000).push();
        TestUpstreams upstreams = upstreams(up, trusting(authority.caPem(dir)));
        up.redirectBlobsTo(storage);
        upstreams.get().blob("team/app", image.layer(0), 0).close();
        up.redirectBlobsTo(misnamed);
        failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstreams.get().blob("team/app", image.layer(0), 0));
    }

    @Test
    void clientCertificateIsSentToTheRegistry() {
        FakeUpstream up = opened(FakeUpstream.startMutualTls(authority.server()));
        accepted(up, showing(authority.client("edge")));
        int served = up.requests().size();
        RegistryException none = refusedByServer(
                () -> upstreams(up, trusting(authority.caPem(dir))).manifest("team/app", "1"));
        assertHolds("tls.cert and tls.key of this registry or mirror", none.getMessage());
        refusedByServer(() -> upstreams(up, showing(another.client("stranger"))).manifest("team/app", "1"));
        assertEquals(served, up.requests().size());
    }

    @Test
    void disconnectForMissingClientCertificateIsExplained() {
        FakeUpstream up = opened(FakeUpstream.startAskingForCertificates(authority.server()));
        up.on(Match.anything()).always(new Fault.ResetBeforeHeaders());
        RegistryException broken =
                failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams(up, trusting(authority.caPem(dir)))
                        .manifest("team/app", "1"));
        assertHolds(
                "; the upstream requests a client certificate, and none is configured: set tls.cert and tls.key of this"
                        + " registry",
                broken.getMessage());
        RegistryException other =
                failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> upstreams(up, showing(authority.client("edge")))
                        .manifest("team/app", "1"));
        assertEquals(false, other.getMessage().contains("tls.cert"), other.getMessage());
    }

    @Test
    void connectionWithClientCertificateIsReused() {
        FakeUpstream up = opened(FakeUpstream.startMutualTls(authority.server()));
        FakeImage image = up.image("team/app", "1").push();
        TestUpstreams upstreams = upstreams(up, showing(authority.client("edge")));
        for (int i = 0; i < 3; i++) {
            assertArrayEquals(
                    image.manifest(), upstreams.manifest("team/app", "1").bytes());
        }
        assertEquals(1, up.connections());
    }

    @Test
    void clientCertificateIsSentOnlyToTheRegistry() {
        FakeUpstream up = opened(FakeUpstream.startMutualTls(authority.server()));
        FakeUpstream storage = opened(FakeUpstream.startMutualTls(authority.server()));
        FakeImage image = up.image("team/app", "1").layer(1000).push();
        up.redirectBlobsTo(storage);
        TestUpstreams upstreams = upstreams(up, showing(authority.client("edge")));
        refusedByServer(() -> upstreams.get().blob("team/app", image.layer(0), 0));
        assertEquals(List.of(), storage.requests());
    }

    @Test
    void ipv6RegistryHasItsOwnSettings() throws IOException {
        try (ServerSocket plain = new ServerSocket(0, 50, InetAddress.getAllByName("::1")[0])) {
            answerOnce(plain, authority);
            TestUpstreams upstreams = new TestUpstreams()
                    .with(UpstreamConfig.of("[::1]:" + plain.getLocalPort())
                            .withTls(new TlsConfig(NONE, NONE, NONE, true)));
            open.add(upstreams);
            failure(ErrorCode.MANIFEST_UNKNOWN, () -> upstreams.manifest("team/app", "1"));
        }
    }

    @Test
    void serverWithoutTlsIsUnreachable() {
        rejected(opened(FakeUpstream.start()), trusting(authority.caPem(dir)), "https://127.0.0.1:");
    }

    @Test
    void serverThatResetsTheHandshakeIsUnreachable() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread resetting = new Thread(() -> {
                try (Socket socket = server.accept()) {
                    socket.getInputStream().read();
                    socket.setSoLinger(true, 0);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            resetting.start();
            TestUpstreams upstreams = new TestUpstreams()
                    .with(UpstreamConfig.of("registry.example.com")
                            .withEndpoint("https://127.0.0.1:" + server.getLocalPort()));
            open.add(upstreams);
            failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstreams.manifest("team/app", "1"));
        }
    }

    private static void answerOnce(ServerSocket server, TestCertificates authority) {
        Thread thread = new Thread(() -> {
            try (Socket tcp = server.accept();
                    Socket tls =
                            authority.server().sslContext().getSocketFactory().createSocket(tcp, null, true)) {
                tls.getInputStream().read();
                tls.getOutputStream()
                        .write("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
                                .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                tls.getInputStream().readAllBytes();
            } catch (IOException over) {
                // The client disconnected.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * With TLS 1.3 the handshake of a client ends before the server checks its certificate, so the error of the client
     * depends on timing.
     */
    private static RegistryException refusedByServer(Executable call) {
        RegistryException refused = assertThrows(RegistryException.class, call);
        assertTrue(refused.code().isUpstreamFailure(), refused.getMessage());
        return refused;
    }

    private void accepted(FakeUpstream up, TlsConfig tls) {
        FakeImage image = up.image("team/app", "1").push();
        assertArrayEquals(
                image.manifest(), upstreams(up, tls).manifest("team/app", "1").bytes());
    }

    private RegistryException rejected(FakeUpstream up, TlsConfig tls) {
        return failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstreams(up, tls).manifest("team/app", "1"));
    }

    private void rejected(FakeUpstream up, TlsConfig tls, String urlPrefix) {
        TestUpstreams upstreams = new TestUpstreams()
                .with(UpstreamConfig.of("registry.example.com")
                        .withEndpoint(urlPrefix + up.port())
                        .withTls(tls));
        open.add(upstreams);
        failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstreams.manifest("team/app", "1"));
    }

    private TestUpstreams upstreams(FakeUpstream up, TlsConfig tls) {
        return opened(TestUpstreams.of(up, AuthConfig.ANONYMOUS, tls));
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        open.add(closeable);
        return closeable;
    }

    private Path directory(String name) throws IOException {
        return Files.createDirectories(dir.resolve(name));
    }

    private TlsConfig trusting(Path ca) {
        return new TlsConfig(Optional.of(ca), NONE, NONE, false);
    }

    private TlsConfig showing(TestCertificates.Client client) {
        return showing(client.certPem(dir), client.keyPem(dir));
    }

    private TlsConfig showing(Path cert, Path key) {
        return new TlsConfig(Optional.of(authority.caPem(dir)), Optional.of(cert), Optional.of(key), false);
    }
}
