package io.ociregistry.upstream.net;

import static io.ociregistry.upstream.pool.TestUpstreams.assertHolds;
import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** All settings of {@code tls} of a registry, each with a real server and a given trust store of the machine. */
@Timeout(60)
class TlsPermutationsTest {
    @TempDir
    Path dir;

    private final TestCertificates system = TestCertificates.create();
    private final TestCertificates corporate = TestCertificates.create();
    private final TestCertificates realm = TestCertificates.create();
    private final TestCertificates storage = TestCertificates.create();
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    /** Certificate of the server, whether it requires a client certificate, the configuration, and the outcome. */
    @ParameterizedTest(name = "{0} server, requests a certificate: {1}, ca: {2}, cert: {3}, insecureSkipVerify: {4}")
    @CsvSource({
        // One-way.
        "SYSTEM,    false, false, false, false, true",
        "CORPORATE, false, false, false, false, false",
        "CORPORATE, false, true,  false, false, true",
        "SYSTEM,    false, true,  false, false, false",
        "MISNAMED,  false, true,  false, false, false",
        "MISNAMED,  false, false, false, true,  true",
        "MISNAMED,  false, true,  false, true,  true",
        // A certificate that the server does not request does no harm.
        "SYSTEM,    false, false, true,  false, true",
        // Mutual.
        "MISNAMED,  true,  false, true,  true,  true",
        "SYSTEM,    true,  false, true,  false, true",
        "CORPORATE, true,  true,  true,  false, true",
        "CORPORATE, true,  false, true,  false, false",
        "SYSTEM,    true,  false, false, false, false",
        "MISNAMED,  true,  false, false, true,  false",
    })
    void connectionSucceedsAsConfigured(
            Kind kind, boolean mutual, boolean ca, boolean cert, boolean insecure, boolean connected)
            throws IOException {
        TestCertificates issuer = kind == Kind.SYSTEM ? system : corporate;
        TestCertificates.Server server = kind == Kind.MISNAMED ? issuer.server("other.example.com") : issuer.server();
        FakeUpstream up = opened(mutual ? FakeUpstream.startMutualTls(server) : FakeUpstream.startTls(server));
        TestCertificates.Client client = issuer.client("edge");
        TlsConfig tls = new TlsConfig(
                ca ? Optional.of(bundle(realm, corporate, storage)) : Optional.empty(),
                cert ? Optional.of(client.certPem(dir)) : Optional.empty(),
                cert ? Optional.of(client.keyPem(dir)) : Optional.empty(),
                insecure);
        FakeImage image = up.image("team/app", "1").push();
        TestUpstreams upstreams = upstreams(up, tls);
        if (connected) {
            assertArrayEquals(
                    image.manifest(), upstreams.manifest("team/app", "1").bytes());
        } else {
            RegistryException refused =
                    assertThrows(RegistryException.class, () -> upstreams.manifest("team/app", "1"));
            assertTrue(refused.code().isUpstreamFailure(), refused.getMessage());
            assertEquals(List.of(), up.requests());
        }
    }

    /** The issuer of the certificate of a server. */
    enum Kind {
        SYSTEM,
        CORPORATE,
        MISNAMED
    }

    @Test
    void oneCaFileMayHoldSeveralAuthorities() throws IOException {
        three(bundle(corporate, realm, storage)).pull();
    }

    @Test
    void systemTrustAppliesToRedirectsAndTokenServices() throws IOException {
        Three three = new Three(corporate, realm, system, bundle(corporate, realm));
        three.pull();
        new Three(corporate, system, storage, bundle(corporate, storage)).pull();
    }

    @Test
    void untrustedCertificateIsReportedWithHostAndIssuer() throws IOException {
        Path noStorage = bundle(corporate, realm);
        Three three = three(noStorage);
        RegistryException failed = failure(ErrorCode.UPSTREAM_UNREACHABLE, three::pull);
        assertHolds("no TLS connection to " + three.cdn.url(), failed.getMessage());
        assertHolds("was issued by CN=Test Authority", failed.getMessage());
        assertHolds("not trusted by tls.ca " + noStorage + " and the operating system", failed.getMessage());
        assertEquals(List.of(), three.cdn.requests());

        Three noRealm = three(bundle(corporate, storage));
        failed = failure(ErrorCode.UPSTREAM_UNREACHABLE, noRealm::pull);
        assertHolds("no TLS connection to " + noRealm.tokens.url(), failed.getMessage());
        assertEquals(List.of(), noRealm.tokens.requests());
    }

    @Test
    void correctedCaFileEndsTheOutage() throws Exception {
        FakeUpstream up = opened(FakeUpstream.startTls(corporate.server()));
        FakeImage image = up.image("team/app", "1").push();
        Path file = realm.caPem(dir);
        TestUpstreams upstreams = upstreams(up, trusting(file)).withProbes(Duration.ofMillis(20));
        failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstreams.manifest("team/app", "1"));
        Gate probe = up.hold(Match.of(Recorded.Kind.PING));
        corporate.caPem(dir);
        probe.awaitReached();
        probe.release();
        assertArrayEquals(image.manifest(), manifestOnceItIsUp(upstreams));
    }

    private static byte[] manifestOnceItIsUp(TestUpstreams upstreams) throws Exception {
        AtomicReference<byte[]> manifest = new AtomicReference<>();
        Await.until("the upstream is up", () -> {
            try {
                manifest.set(upstreams.manifest("team/app", "1").bytes());
                return true;
            } catch (RegistryException stillDown) {
                return false;
            }
        });
        return manifest.get();
    }

    private Three three(Path ca) {
        return new Three(corporate, realm, storage, ca);
    }

    /** A registry with a separate token service and blob storage. */
    private final class Three {
        private final FakeUpstream up;
        private final FakeUpstream tokens;
        private final FakeUpstream cdn;
        private final FakeImage image;
        private final TestUpstreams upstreams;

        Three(TestCertificates ofRegistry, TestCertificates ofTokens, TestCertificates ofStorage, Path ca) {
            up = opened(FakeUpstream.startTls(ofRegistry.server()));
            tokens = opened(FakeUpstream.startTls(ofTokens.server()));
            cdn = opened(FakeUpstream.startTls(ofStorage.server()));
            image = up.image("team/app", "1").layer(1000).push();
            up.requireAnonymousBearer().tokensFrom(tokens).redirectBlobsTo(cdn);
            upstreams = upstreams(up, trusting(ca));
        }

        void pull() {
            assertArrayEquals(
                    image.manifest(), upstreams.manifest("team/app", "1").bytes());
            upstreams.get().blob("team/app", image.layer(0), 0).close();
            assertEquals(1, tokens.requests(Match.of(Recorded.Kind.TOKEN)).size());
            assertEquals(1, cdn.requests().size());
        }
    }

    private TestUpstreams upstreams(FakeUpstream up, TlsConfig tls) {
        return opened(TestUpstreams.of(up, AuthConfig.ANONYMOUS, tls).withSystemTrust(pem(system)));
    }

    private static TlsConfig trusting(Path ca) {
        return new TlsConfig(Optional.of(ca), Optional.empty(), Optional.empty(), false);
    }

    private Path bundle(TestCertificates... authorities) throws IOException {
        StringBuilder text = new StringBuilder();
        for (TestCertificates authority : authorities) {
            text.append("# a comment\n").append(Files.readString(pem(authority)));
        }
        return Files.writeString(Files.createTempFile(dir, "bundle", ".pem"), text);
    }

    private Path pem(TestCertificates authority) {
        try {
            return authority.caPem(Files.createTempDirectory(dir, "authority"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        open.add(closeable);
        return closeable;
    }
}
