package io.ociregistry.upstream.proxy;

import static io.ociregistry.upstream.pool.TestUpstreams.assertHolds;
import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.ociregistry.config.ProxyEnvironment;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.ProxyConfig;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.ConnectProxy;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Registries behind a real proxy. */
@Timeout(30)
class ProxiesTest {
    private static final String SAFE = "safe.example.com";
    private static final String PLAIN = "plain.example.com";

    @TempDir
    Path directory;

    private final TestCertificates authority = TestCertificates.create();
    private final FakeUpstream safe = FakeUpstream.startTls(authority.server(SAFE, "127.0.0.1"));
    private final FakeUpstream plain = FakeUpstream.start();
    private final FakeImage image = safe.image("team/app", "1").layer(100_000).push();
    private final ConnectProxy proxy =
            ConnectProxy.start().leadTo(SAFE + ":443", safe).leadTo(PLAIN + ":80", plain);
    private final TestUpstreams upstreams = new TestUpstreams();

    @AfterEach
    void stop() {
        upstreams.close();
        proxy.close();
        safe.close();
        plain.close();
    }

    @Test
    void httpsUsesATunnelAndReusesIt() {
        safe(via());
        for (int i = 0; i < 3; i++) {
            assertArrayEquals(image.manifest(), manifest(SAFE));
        }
        assertEquals(List.of("CONNECT " + SAFE + ":443 HTTP/1.1"), proxy.lines());
        assertEquals(1, safe.connections());
        assertEquals(List.of("proxy.example.com"), upstreams.names().lookups(), "the proxy resolves the registry");
    }

    @Test
    void certificateBehindATunnelIsVerified() {
        proxy.leadTo("other.example.com:443", safe);
        upstreams.with(tls("other.example.com").withProxy(via()));
        RegistryException refused = failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest("other.example.com"));
        assertHolds("no TLS connection to https://other.example.com", refused.getMessage());
        assertEquals(0, safe.requests().size());
    }

    @Test
    void httpRequestCarriesTheUnchangedAbsoluteUrl() {
        FakeImage other = plain.image("team/app", "1").push();
        plain(via());
        plain.on(Match.manifests()).once(new Fault.RedirectTo("/v2/team/app/manifests/1?sig=%2F%2f+a%20b&&x=&y"));
        assertArrayEquals(other.manifest(), manifest(PLAIN));
        assertEquals(
                List.of(
                        "GET http://plain.example.com/v2/team/app/manifests/1 HTTP/1.1",
                        "GET http://plain.example.com/v2/team/app/manifests/1?sig=%2F%2f+a%20b&&x=&y HTTP/1.1"),
                proxy.lines());
        assertEquals(List.of("proxy.example.com"), upstreams.names().lookups());
    }

    @Test
    void credentialsGoToTheProxyAtOnceAndNowhereElse() throws IOException {
        proxy.requireBasic("edge", "p\u00e4ss:word");
        Path file = Files.writeString(directory.resolve("password"), "p\u00e4ss:word\n");
        plain.image("team/app", "1").push();
        safe(via(AuthConfig.basic("edge", "p\u00e4ss:word")));
        plain(via(new AuthConfig.AccountWithFile("edge", file)));
        manifest(SAFE);
        manifest(PLAIN);
        assertEquals(2, proxy.requests().size());
        for (FakeUpstream target : List.of(safe, plain)) {
            assertEquals(Optional.empty(), target.requests().get(0).header("Proxy-Authorization"));
        }
    }

    @Test
    void missingProxyCredentialsNameTheirSetting() {
        proxy.requireBasic("edge", "pa55word");
        safe(via());
        plain(via(AuthConfig.basic("edge", "wr0ng")));
        RegistryException none = failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest(SAFE));
        assertHolds(
                "GET manifest safe.example.com/team/app:1: the proxy http://proxy.example.com:" + proxy.port()
                        + " refused to connect to https://safe.example.com: it answered 407: it requires credentials;"
                        + " set registries[safe.example.com].proxy: user and password",
                none.getMessage());
        RegistryException wrong = failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest(PLAIN));
        assertHolds("it refused the credentials of registries[plain.example.com].proxy", wrong.getMessage());
        assertFalse(wrong.getMessage().contains("wr0ng"), wrong.getMessage());
        assertEquals(0, safe.connections() + plain.connections());
    }

    @Test
    void missingProxyPasswordFileIsNamed() {
        Path file = directory.resolve("missing");
        safe(via(new AuthConfig.AccountWithFile("edge", file)));
        RegistryException missing = failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest(SAFE));
        assertHolds("proxy.passwordFile " + file + " can't be used: it does not exist", missing.getMessage());
        assertEquals(0, proxy.connections());
    }

    @Test
    void correctedProxyPasswordFileIsUsed() throws IOException {
        proxy.requireBasic("edge", "right");
        Path file = Files.writeString(directory.resolve("password"), "wrong\n");
        upstreams.withProbes(Duration.ofMillis(20));
        safe(via(new AuthConfig.AccountWithFile("edge", file)));
        failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest(SAFE));
        Files.writeString(file, "right, and no longer what it was\n");
        proxy.requireBasic("edge", "right, and no longer what it was");
        while (isDown(SAFE)) {
            assertFalse(Thread.currentThread().isInterrupted(), "the corrected password was not used in time");
        }
        assertArrayEquals(image.manifest(), manifest(SAFE));
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 302, 401, 403, 404, 429, 502, 503})
    void proxyAnswerToConnectIsNoRegistryAnswer(int status) {
        proxy.refuse(
                status,
                "WWW-Authenticate: Bearer realm=\"https://" + SAFE + "/token\"\r\n",
                "Location: https://" + SAFE + "/v2/team/app/manifests/1\r\n",
                "Docker-Content-Digest: " + image.digest() + "\r\n");
        safe(via());
        RegistryException refused = failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest(SAFE));
        assertHolds("it answered " + status, refused.getMessage());
        assertEquals(1, proxy.requests().size());
        assertEquals(true, isDown(SAFE), "a failure to connect opens the breaker");
    }

    @ParameterizedTest
    @ValueSource(strings = {SAFE, PLAIN})
    void deadProxyIsNamedAndAffectsOnlyItsRegistry(String name) {
        plain.image("team/app", "1").push();
        safe(via());
        plain(via());
        upstreams.with(UpstreamConfig.of("near.example.com").withEndpoint(plain.url()));
        proxy.die();
        RegistryException dead = failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest(name));
        assertHolds(name, dead.getMessage());
        assertHolds(
                "can't connect to the proxy http://proxy.example.com:" + proxy.port() + ", which leads to ",
                dead.getMessage());
        assertEquals(true, isDown(name));
        manifest("near.example.com");
        assertEquals(false, isDown("near.example.com"));
        assertEquals(false, isDown(name.equals(SAFE) ? PLAIN : SAFE), "its own request opens the breaker");
    }

    @Test
    void unresolvableProxyIsNamed() {
        upstreams.with(
                tls(SAFE).withProxy(new ProxyConfig.HttpProxy("proxy.invalid", 3128, AuthConfig.ANONYMOUS, List.of())));
        RegistryException lost = failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest(SAFE));
        assertHolds("the name of the proxy http://proxy.invalid:3128, which leads to https://safe", lost.getMessage());
    }

    @Test
    void silentProxyFailsAfterTheConnectTimeout() {
        proxy.keepSilent();
        upstreams.withConnectTimeout(Duration.ofMillis(300));
        safe(via());
        RegistryException silent = assertTimeout(
                Duration.ofSeconds(10), () -> failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest(SAFE)));
        assertHolds("through the proxy http://proxy.example.com:" + proxy.port() + " in time", silent.getMessage());
    }

    @Test
    void registryBehindProxyHasItsOwnTimeout() {
        upstreams.withConnectTimeout(Duration.ofSeconds(1));
        safe(via());
        safe.on(Match.manifests()).once(new Fault.Trickle(300, Duration.ofMillis(1100)));
        assertArrayEquals(image.manifest(), manifest(SAFE));
    }

    @Test
    void tunnelCutByRegistryFailsWithoutARetry() {
        safe(via());
        safe.on(Match.manifests()).always(new Fault.ResetBeforeHeaders());
        RegistryException broken = failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> manifest(SAFE));
        assertHolds("https://safe.example.com broke the connection", broken.getMessage());
        assertEquals(1, safe.requests(Match.manifests()).size());
    }

    @Test
    void idleTunnelThatWasCutIsReplaced() {
        safe(via());
        manifest(SAFE);
        proxy.cut();
        assertArrayEquals(image.manifest(), manifest(SAFE));
        assertEquals(2, proxy.requests().size());
    }

    @Test
    void registryConfigurationOverridesTheEnvironment() {
        plain.image("team/app", "1").push();
        upstreams.withProxies(new ProxyEnvironment(ProxyConfig.NONE, via(SAFE + ":444")));
        upstreams.with(tls(SAFE));
        upstreams.with(UpstreamConfig.of("direct.example.com")
                .withEndpoint("https://" + SAFE + ":" + safe.port())
                .withTls(trust())
                .withProxy(ProxyConfig.NONE));
        upstreams.with(UpstreamConfig.of(PLAIN).withEndpoint("http://" + PLAIN + ":" + plain.port()));
        manifest(SAFE);
        assertEquals(1, proxy.connections());
        manifest("direct.example.com");
        manifest(PLAIN);
        assertEquals(1, proxy.connections(), "url: none is direct, and http has no proxy");
    }

    @Test
    void noProxyAppliesToRedirectsAndTokenServices() {
        plain.image("team/app", "1").push();
        String direct = "http://cdn.example.com:" + plain.port();
        plain(via("cdn.example.com"));
        plain.on(Match.manifest("1")).once(new Fault.RedirectTo(direct + "/v2/team/app/manifests/1"));
        manifest(PLAIN);
        assertEquals(1, proxy.requests().size());
        assertEquals(
                List.of("proxy.example.com", "cdn.example.com", PLAIN),
                upstreams.names().lookups(),
                "the guard resolves the registry to compare the scopes");
    }

    @Test
    void tokenServiceIsReachedThroughTheProxy() {
        safe.requireAnonymousBearer();
        proxy.leadTo("127.0.0.1:" + safe.port(), safe);
        safe(via());
        assertArrayEquals(image.manifest(), manifest(SAFE));
        assertEquals(1, safe.requests(Match.of(Recorded.Kind.TOKEN)).size());
        assertEquals(
                List.of("CONNECT " + SAFE + ":443 HTTP/1.1", "CONNECT 127.0.0.1:" + safe.port() + " HTTP/1.1"),
                proxy.lines());
    }

    private ProxyConfig.HttpProxy via(String... direct) {
        return via(AuthConfig.ANONYMOUS, direct);
    }

    private ProxyConfig.HttpProxy via(AuthConfig auth, String... direct) {
        return new ProxyConfig.HttpProxy("proxy.example.com", proxy.port(), auth, List.of(direct));
    }

    private void safe(ProxyConfig through) {
        upstreams.with(tls(SAFE).withProxy(through));
    }

    private void plain(ProxyConfig through) {
        upstreams.with(UpstreamConfig.of(PLAIN).withEndpoint("http://" + PLAIN).withProxy(through));
    }

    private UpstreamConfig tls(String name) {
        return UpstreamConfig.of(name).withTls(trust());
    }

    private TlsConfig trust() {
        return new TlsConfig(Optional.of(authority.caPem(directory)), Optional.empty(), Optional.empty(), false);
    }

    private byte[] manifest(String name) {
        return upstreams
                .get(name)
                .manifest("team/app", Reference.parse("1"), TestUpstreams.MAX_MANIFEST_BYTES)
                .bytes();
    }

    private boolean isDown(String name) {
        try {
            upstreams.get(name).check(RequestKind.MANIFEST);
            return false;
        } catch (RegistryException down) {
            return true;
        }
    }
}
