package io.ociregistry.upstream.net;

import static io.ociregistry.upstream.pool.TestUpstreams.assertHolds;
import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.MirrorConfig;
import io.ociregistry.config.model.ProxyConfig;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.ConnectProxy;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.OpensslServer;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.upstream.BlobAnswer;
import io.ociregistry.upstream.ManifestAnswer;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Registries behind an ingress that chooses the certificate by the server name, and resets a handshake without it. */
@Timeout(60)
class ServerNamesTest {
    private static final String[] NAMES = {"harbor", "name.example", "registry.example.com", "h"};
    private static final String WITH_UNDERSCORE = "my_registry.example";

    @TempDir
    Path dir;

    private final TestCertificates authority = TestCertificates.create();
    private final FakeUpstream ingress = FakeUpstream.startTlsByName(authority, NAMES);
    private final List<AutoCloseable> open = new ArrayList<>(List.of(ingress));
    private TlsConfig tls;
    private FakeImage image;

    @BeforeEach
    void push() {
        tls = new TlsConfig(
                Optional.of(authority.caPem(dir)), Optional.empty(), Optional.empty(), Optional.empty(), false);
        image = ingress.image("team/app", "1").layer(1000).push();
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"harbor", "HARBOR", "h", "name.example", "name.example.", "harbor.", "registry.example.com"})
    void everyNameIsSentInTheHandshake(String host) {
        pull(registry().withEndpoint(at(host)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"harbor", "name.example"})
    void registryNameIsSentWithoutEndpoint(String host) {
        TestUpstreams upstreams = opened(new TestUpstreams()
                .with(UpstreamConfig.of(host + ":" + ingress.port()).withTls(tls)));
        assertArrayEquals(image.manifest(), upstreams.manifest("team/app", "1").bytes());
    }

    @ParameterizedTest
    @CsvSource({"harbor,h", "registry.example.com,name.example."})
    void tokenServiceNameIsSent(String registry, String service) {
        String realm = at(service) + "/token";
        ingress.on(Match.manifests())
                .once(Fault.status(401).header("WWW-Authenticate", "Bearer realm=\"" + realm + "\""));
        ingress.on(Match.of(Recorded.Kind.TOKEN)).once(Fault.status(200).body("{\"token\":\"t\"}"));
        pull(registry().withEndpoint(at(registry)));
        assertEquals(1, ingress.requests(Match.of(Recorded.Kind.TOKEN)).size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"harbor", "name.example."})
    void redirectTargetNameIsSent(String host) throws IOException {
        ingress.on(Match.blob(image.layer(0)))
                .once(new Fault.RedirectTo(at(host) + "/v2/team/app/blobs/" + image.layer(0)));
        TestUpstreams upstreams = opened(new TestUpstreams().with(registry().withEndpoint(at("registry.example.com"))));
        try (BlobAnswer blob = upstreams.get().blob("team/app", image.layer(0), 0)) {
            assertArrayEquals(image.layerBytes(0), blob.body().readAllBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"harbor", "name.example."})
    void mirrorNameIsSent(String host) {
        MirrorConfig plain = MirrorConfig.of(at(host));
        MirrorConfig mirror =
                new MirrorConfig(plain.url(), plain.prefix(), plain.ns(), plain.auth(), tls, plain.proxy());
        pull(registry().withEndpoint("http://registry.invalid").withMirrors(mirror));
    }

    @ParameterizedTest
    @ValueSource(strings = {"harbor", "name.example."})
    void nameIsSentThroughTunnel(String host) {
        ConnectProxy proxy = opened(ConnectProxy.start().leadTo(host + ":" + ingress.port(), ingress));
        pull(registry()
                .withEndpoint(at(host))
                .withProxy(new ProxyConfig.HttpProxy("127.0.0.1", proxy.port(), AuthConfig.ANONYMOUS, List.of())));
    }

    @ParameterizedTest
    @ValueSource(strings = {"harbor", "name.example."})
    void nameIsSentByProbe(String host) throws Exception {
        TestUpstreams upstreams = opened(
                new TestUpstreams().with(registry().withEndpoint(at(host))).withProbes(Duration.ofMillis(20)));
        ingress.refuseConnections();
        failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstreams.manifest("team/app", "1"));
        ingress.heal();
        Await.until("the registry is up", () -> isUp(upstreams.get()));
        assertEquals(0, ingress.requests(Match.manifests()).size(), "the probe closed the breaker");
    }

    @Test
    void addressIsNotSentAsName() {
        RegistryException failed = failure(
                ErrorCode.UPSTREAM_UNREACHABLE,
                () -> manifest(registry().withEndpoint("https://127.0.0.1:" + ingress.port())));
        assertHolds("no TLS connection to https://127.0.0.1", failed.getMessage());
        assertEquals(List.of(), ingress.requests());
    }

    @ParameterizedTest
    @ValueSource(strings = {"harbor", "name.example.", "registry.example.com"})
    void certificateForAnotherNameIsRefused(String host) {
        FakeUpstream other = opened(FakeUpstream.startTls(authority.server("other.example.com", "other")));
        RegistryException failed = failure(
                ErrorCode.UPSTREAM_UNREACHABLE,
                () -> manifest(registry().withEndpoint("https://" + host + ":" + other.port())));
        assertHolds("no TLS connection to https://" + host, failed.getMessage());
        assertHolds("other.example.com", failed.getMessage());
        assertEquals(List.of(), other.requests());
    }

    @ParameterizedTest
    @CsvSource({"name.example.com,*.example.com", "name.example.com.,*.example.com"})
    void wildcardCertificateIsAccepted(String host, String wildcard) {
        FakeUpstream other = opened(FakeUpstream.startTls(authority.server(wildcard)));
        other.image("team/app", "1").layer(1000).push();
        assertDoesNotThrow(() -> manifest(registry().withEndpoint("https://" + host + ":" + other.port())));
    }

    @ParameterizedTest
    @ValueSource(strings = {"harbor", "name.example."})
    void nameIsSentIfCertificateIsNotVerified(String host) {
        TestCertificates stranger = TestCertificates.create();
        FakeUpstream other = opened(FakeUpstream.startTlsByName(stranger, NAMES));
        other.image("team/app", "1").push();
        UpstreamConfig config = UpstreamConfig.of("registry.example.com")
                .withEndpoint("https://" + host + ":" + other.port())
                .withTls(new TlsConfig(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), true));
        assertDoesNotThrow(() -> manifest(config));
    }

    @ParameterizedTest
    @ValueSource(strings = {"my_registry", "my_registry.example", "_registry.example", "my_registry.example."})
    void nameWithUnderscoreIsSentAndVerified(String host) throws IOException {
        String name = host.replaceFirst("\\.$", "");
        OpensslServer server = openssl(name);
        server.serve("/v2/team/app/manifests/1", image.mediaType().toString(), image.manifest());
        pull(registry().withEndpoint("https://" + host + ":" + server.port()));
    }

    @Test
    void nameWithUnderscoreIsSentToTokenService() throws IOException {
        OpensslServer server = openssl(WITH_UNDERSCORE);
        server.serve(
                "/token?scope=repository%3Ateam%2Fapp%3Apull",
                "application/json", "{\"token\":\"t\"}".getBytes(StandardCharsets.US_ASCII));
        String realm = "https://" + WITH_UNDERSCORE + ":" + server.port() + "/token";
        ingress.on(Match.manifests())
                .once(Fault.status(401).header("WWW-Authenticate", "Bearer realm=\"" + realm + "\""));
        pull(registry().withEndpoint(at("harbor")));
    }

    @Test
    void nameWithUnderscoreIsSentToRedirectTarget() throws IOException {
        OpensslServer server = openssl(WITH_UNDERSCORE);
        server.serve("/moved", image.mediaType().toString(), image.manifest());
        ingress.on(Match.manifests())
                .once(new Fault.RedirectTo("https://" + WITH_UNDERSCORE + ":" + server.port() + "/moved"));
        pull(registry().withEndpoint(at("harbor")));
    }

    @Test
    void wrongCertificateForNameWithUnderscoreIsRefused() throws IOException {
        OpensslServer server = openssl(WITH_UNDERSCORE);
        server.serve("/v2/team/app/manifests/1", image.mediaType().toString(), image.manifest());
        RegistryException failed = failure(
                ErrorCode.UPSTREAM_UNREACHABLE,
                () -> manifest(registry().withEndpoint("https://your_registry.example:" + server.port())));
        assertHolds("no TLS connection to https://your_registry.example", failed.getMessage());
        assertHolds("without-a-name.example", failed.getMessage());
    }

    private OpensslServer openssl(String name) throws IOException {
        Optional<OpensslServer> server = OpensslServer.start(authority, name, dir);
        assumeTrue(server.isPresent(), "openssl is not installed");
        return opened(server.orElseThrow());
    }

    private static boolean isUp(Upstream upstream) {
        try {
            upstream.check(RequestKind.MANIFEST);
            return true;
        } catch (RegistryException down) {
            return false;
        }
    }

    private UpstreamConfig registry() {
        return UpstreamConfig.of("registry.example.com").withTls(tls);
    }

    private String at(String host) {
        return "https://" + host + ":" + ingress.port();
    }

    private void pull(UpstreamConfig config) {
        assertArrayEquals(image.manifest(), manifest(config).bytes());
    }

    private ManifestAnswer manifest(UpstreamConfig config) {
        return opened(new TestUpstreams().with(config)).manifest("team/app", "1");
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        open.add(0, closeable);
        return closeable;
    }
}
