package io.ociregistry.upstream.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ProxyEnvironment;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.ProxyConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.ConnectProxy;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests to local addresses, named by an unlisted registry, a redirect or a token service: no connection reaches a
 * listener on loopback, and no proxy is asked.
 *
 * <p>{@code PublicAddressesIT} tests that public addresses are reached. No packet of these tests leaves loopback.
 */
@Timeout(60)
class LocalTargetsTest {
    private static final String HOME = "registry.example.com";

    /** Reading the authorities of this machine takes longer than each of these tests. */
    private static Path pem;

    private final FakeUpstream near = FakeUpstream.start();
    private final FakeUpstream up = FakeUpstream.start();
    private final ConnectProxy proxy = ConnectProxy.start();
    private final TestUpstreams upstreams = new TestUpstreams().withSystemTrust(pem);

    @BeforeAll
    static void anAuthority(@TempDir Path directory) {
        pem = TestCertificates.create().caPem(directory);
    }

    @AfterEach
    void stop() {
        upstreams.close();
        proxy.close();
        up.close();
        near.close();
    }

    static Stream<String> places() {
        return Stream.of(
                "127.0.0.1",
                "127.1",
                "127.0.1",
                "127.255.255.254",
                "0x7f.1",
                "0x7f000001",
                "0177.0.0.1",
                "2130706433",
                "127.0.0.1.",
                "localhost",
                "localhost.",
                "[::1]",
                "[::ffff:127.0.0.1]",
                "[::ffff:7f00:1]",
                "[::127.0.0.1]",
                "[64:ff9b::7f00:1]",
                "[2002:7f00:1::]",
                "0.0.0.0",
                "[::]",
                "10.0.0.1",
                "192.168.0.1",
                "100.64.0.1",
                "169.254.169.254",
                "[fe80::1]",
                "[fd00:ec2::254]",
                "224.0.0.1",
                "255.255.255.255",
                "[ff02::1]",
                "name-of-loopback.example.net",
                "name-of-private.example.net",
                "name-of-metadata.example.net");
    }

    @ParameterizedTest
    @MethodSource("places")
    void targetIsNotReachedDirectly(String place) throws UnknownHostException {
        names();
        // One public address makes this a public registry. It is reached at the other address, on the only connection
        // of this test.
        upstreams.names().with(HOME, "127.0.0.1", "8.8.8.8");
        upstreams.with(UpstreamConfig.of(HOME).withEndpoint("http://" + HOME + ":" + up.port()));
        refused(place + ":" + near.port());
        assertEquals(0, near.connections());
    }

    @ParameterizedTest
    @MethodSource("places")
    void targetIsNotReachedThroughAProxy(String place) throws UnknownHostException {
        names();
        proxy.leadTo(HOME + ":80", up).leadTo(HOME + ":443", up);
        ProxyConfig.HttpProxy via =
                new ProxyConfig.HttpProxy("127.0.0.1", proxy.port(), AuthConfig.ANONYMOUS, List.of());
        upstreams.names().with(HOME, "8.8.8.8");
        upstreams.withProxies(new ProxyEnvironment(via, via));
        upstreams.with(UpstreamConfig.of(HOME).withEndpoint("http://" + HOME));
        refused(place + ":" + near.port());
        assertEquals(
                List.of(),
                proxy.lines().stream().filter(line -> !line.contains(HOME)).toList());
        assertEquals(0, near.connections());
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "proxy.example.com"})
    void redirectToTheProxyItselfIsRefused(String host) {
        ProxyConfig.HttpProxy excepted =
                new ProxyConfig.HttpProxy(host, near.port(), AuthConfig.ANONYMOUS, List.of("*"));
        upstreams.with(UpstreamConfig.of(HOME).withEndpoint(up.url()).withProxy(excepted));
        up.on(Match.manifests()).always(new Fault.RedirectTo("http://" + host + ":" + near.port() + "/x"));
        RegistryException refused = TestUpstreams.failure(ErrorCode.DENIED, () -> manifest(upstreams, HOME));
        TestUpstreams.assertHolds("is a proxy of this server", refused.getMessage());
        assertEquals(0, near.connections());
    }

    @Test
    void rebindingNameIsCheckedWhenConnecting() {
        // The name is resolved once for each connection, and the connection goes to that result: no second lookup can
        // return another address.
        String name = "rebinding.example.net:" + near.port();
        TestUpstreams.failure(ErrorCode.DENIED, () -> manifest(upstreams, name));
        assertEquals(List.of("rebinding.example.net"), upstreams.names().lookups());
        assertEquals(0, near.connections());
    }

    @Test
    void behindAProxyAllAddressesMustBeAllowed() throws UnknownHostException {
        ProxyConfig.HttpProxy via =
                new ProxyConfig.HttpProxy("127.0.0.1", proxy.port(), AuthConfig.ANONYMOUS, List.of());
        upstreams.withProxies(new ProxyEnvironment(via, via));
        upstreams.names().with("mixed.example.net", "8.8.8.8", "127.0.0.1");
        upstreams.names().with("public.example.net", "8.8.8.8");
        TestUpstreams.failure(ErrorCode.DENIED, () -> manifest(upstreams, "mixed.example.net"));
        assertEquals(0, proxy.connections());
        TestUpstreams.failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest(upstreams, "public.example.net"));
        assertEquals(List.of("CONNECT public.example.net:443 HTTP/1.1"), proxy.lines());
    }

    @Test
    void behindAProxyUnknownNameNeedsConfiguredRegistry() {
        proxy.leadTo("home.invalid:80", up);
        ProxyConfig.HttpProxy via =
                new ProxyConfig.HttpProxy("127.0.0.1", proxy.port(), AuthConfig.ANONYMOUS, List.of());
        upstreams.withProxies(new ProxyEnvironment(via, via));
        upstreams.with(UpstreamConfig.of("home.invalid").withEndpoint("http://home.invalid"));
        RegistryException unknown =
                TestUpstreams.failure(ErrorCode.DENIED, () -> manifest(upstreams, "unlisted.invalid"));
        TestUpstreams.assertHolds("add it under registries", unknown.getMessage());
        assertEquals(0, proxy.connections());
        up.on(Match.manifests()).once(new Fault.RedirectTo("https://cdn.invalid/x"));
        TestUpstreams.failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest(upstreams, "home.invalid"));
        assertEquals(
                List.of("GET http://home.invalid/v2/team/app/manifests/1 HTTP/1.1", "CONNECT cdn.invalid:443 HTTP/1.1"),
                proxy.lines());
    }

    @Test
    void behindAProxyRegistryNamesHostsOnlyAsNearAsItself() throws UnknownHostException {
        proxy.leadTo(HOME + ":80", up).leadTo("cdn.example.net:80", near);
        near.image("team/app", "1").push();
        ProxyConfig.HttpProxy via =
                new ProxyConfig.HttpProxy("127.0.0.1", proxy.port(), AuthConfig.ANONYMOUS, List.of());
        upstreams.names().with(HOME, "10.0.0.1").with("cdn.example.net", "10.0.0.2");
        upstreams.with(UpstreamConfig.of(HOME).withEndpoint("http://" + HOME).withProxy(via));
        up.on(Match.manifests()).once(new Fault.RedirectTo("http://cdn.example.net/v2/team/app/manifests/1"));
        manifest(upstreams, HOME);
        up.on(Match.manifests()).once(new Fault.RedirectTo("http://127.0.0.1/v2/team/app/manifests/1"));
        TestUpstreams.failure(ErrorCode.DENIED, () -> manifest(upstreams, HOME));
    }

    private void names() throws UnknownHostException {
        upstreams
                .names()
                .with("name-of-private.example.net", "10.0.0.1")
                .with("name-of-metadata.example.net", "169.254.169.254");
    }

    private void refused(String place) {
        refused(place, place);
        up.on(Match.manifests()).once(new Fault.RedirectTo("http://" + place + "/v2/team/app/manifests/1"));
        refused(HOME, "redirect to " + place);
        up.on(Match.manifests())
                .once(Fault.status(401).header("WWW-Authenticate", "Bearer realm=\"http://" + place + "/token\""));
        refused(HOME, "realm at " + place);
    }

    private void refused(String name, String what) {
        RegistryException refused = assertThrows(RegistryException.class, () -> manifest(upstreams, name), what);
        assertTrue(
                List.of(ErrorCode.DENIED, ErrorCode.NAME_UNKNOWN).contains(refused.code()),
                () -> what + ": " + refused.code() + " " + refused.getMessage());
    }

    private static void manifest(TestUpstreams upstreams, String name) {
        upstreams.get(name).manifest("team/app", Reference.parse("1"), TestUpstreams.MAX_MANIFEST_BYTES);
    }
}
