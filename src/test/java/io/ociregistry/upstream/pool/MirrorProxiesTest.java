package io.ociregistry.upstream.pool;

import static io.ociregistry.upstream.pool.TestUpstreams.MAX_MANIFEST_BYTES;
import static io.ociregistry.upstream.pool.TestUpstreams.assertHolds;
import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.testing.ConnectProxy;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.tls.PemFiles;
import io.ociregistry.tls.SystemTrust;
import io.ociregistry.upstream.BlobAnswer;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.address.FakeDns;
import io.ociregistry.upstream.health.Breaker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A registry and its mirror with separate proxy settings: from the environment, from the configuration, or none. */
@Timeout(60)
class MirrorProxiesTest {
    @TempDir
    Path directory;

    private final TestCertificates authority = TestCertificates.create();
    private final FakeUpstream registry = FakeUpstream.startTls(authority.server("r.example.com", "127.0.0.1"));
    private final FakeUpstream mirror = FakeUpstream.startTls(authority.server("m.example.com", "127.0.0.1"));
    private final FakeImage missing = registry.image("team/app", "1").push();
    private final FakeImage mirrored =
            mirror.image("hub/team/app", "2").layer(1000).push();
    private final String registryAt = "r.example.com:" + registry.port();
    private final String mirrorAt = "m.example.com:" + mirror.port();
    private final ConnectProxy near = proxy();
    private final ConnectProxy far = proxy();
    private final FakeDns names = new FakeDns();
    private final Map<String, String> environment = new HashMap<>();
    private HttpUpstreams upstreams;

    @AfterEach
    void stop() {
        upstreams.close();
        List.of(near, far).forEach(ConnectProxy::close);
        List.of(registry, mirror).forEach(FakeUpstream::close);
    }

    private ConnectProxy proxy() {
        return ConnectProxy.start().leadTo(registryAt, registry).leadTo(mirrorAt, mirror);
    }

    @Test
    void mirrorWithoutProxyUsesEnvironmentAndNotProxyOfRegistry() throws Exception {
        environment.put("HTTPS_PROXY", "http://edge:geheim@" + url(far));
        far.requireBasic("edge", "geheim");
        near.requireBasic("node", "secret");
        configure("{url: 'http://" + url(near) + "', user: node, password: secret}", "");
        assertArrayEquals(missing.manifest(), manifest("1"));
        assertEquals(List.of(tunnel(mirrorAt)), far.lines());
        assertEquals(List.of(tunnel(registryAt)), near.lines());
        assertNoOriginGotProxyCredentials();
    }

    @Test
    void registryWithoutProxyUsesEnvironmentAndNotProxyOfMirror() throws Exception {
        environment.put("https_proxy", url(far));
        near.requireBasic("node", "secret");
        Path password = Files.writeString(directory.resolve("password"), "secret\n");
        configure("", "{url: 'http://" + url(near) + "', user: node, passwordFile: '" + password + "'}");
        assertArrayEquals(missing.manifest(), manifest("1"));
        assertEquals(List.of(tunnel(mirrorAt)), near.lines());
        assertEquals(List.of(tunnel(registryAt)), far.lines());
        assertNoOriginGotProxyCredentials();
    }

    @Test
    void mirrorIsReachedDirectlyByNoneOrNoProxy() throws Exception {
        environment.put("HTTPS_PROXY", url(far));
        configure("", "none");
        assertArrayEquals(mirrored.manifest(), manifest("2"));
        upstreams.close();
        environment.put("NO_PROXY", ".lan, m.example.com");
        configure("", "");
        assertArrayEquals(mirrored.manifest(), manifest("2"));
        upstreams.close();
        environment.remove("NO_PROXY");
        configure("", "{url: '" + url(near) + "', noProxy: [example.com]}");
        assertArrayEquals(mirrored.manifest(), manifest("2"));
        assertEquals(3, mirror.requests().size());
        assertEquals(List.of(), far.lines());
        assertEquals(List.of(), near.lines());
    }

    @Test
    void tokensAndBlobsOfMirrorUseItsProxy() throws Exception {
        mirror.requireAnonymousBearer();
        near.leadTo("127.0.0.1:" + mirror.port(), mirror);
        configure("none", "'" + url(near) + "'");
        assertArrayEquals(mirrored.manifest(), manifest("2"));
        try (BlobAnswer blob = upstream().blob("team/app", mirrored.layer(0), 0)) {
            assertArrayEquals(mirrored.layerBytes(0), blob.body().readAllBytes());
        }
        assertEquals(1, mirror.requests(Match.of(Recorded.Kind.TOKEN)).size());
        assertEquals(
                List.of(tunnel(mirrorAt), tunnel("127.0.0.1:" + mirror.port()), tunnel(mirrorAt)),
                near.lines(),
                "one for manifests, one for tokens, one for blobs");
        assertEquals(0, registry.connections());
    }

    @Test
    void refusedProxyCredentialsAreNamedAndRegistryIsAsked() throws Exception {
        near.requireBasic("node", "secret");
        configure("", "{url: '" + url(near) + "', user: node, password: old}");
        assertArrayEquals(missing.manifest(), manifest("1"));
        RegistryException unknown = failure(ErrorCode.MANIFEST_UNKNOWN, () -> manifest("3"));
        assertHolds(
                ": the proxy http://" + url(near) + " refused to connect to https://" + mirrorAt
                        + ": it answered 407: it refused the credentials of"
                        + " registries[r.example.com].mirrors[https://" + mirrorAt + "].proxy: user and password;"
                        + " correct them",
                unknown.getMessage());
    }

    private void assertNoOriginGotProxyCredentials() {
        for (FakeUpstream each : List.of(registry, mirror)) {
            each.requests().forEach(request -> assertEquals(Optional.empty(), request.header("Proxy-Authorization")));
        }
    }

    private static String tunnel(String authority) {
        return "CONNECT " + authority + " HTTP/1.1";
    }

    private static String url(ConnectProxy proxy) {
        return "proxy.example.com:" + proxy.port();
    }

    /** Loads a configuration with these {@code proxy} values; an empty value omits the key. */
    private void configure(String ofRegistry, String ofMirror) throws ConfigException {
        Path ca = authority.caPem(directory);
        String trust = "tls: {ca: '" + ca + "'}";
        String yaml = "registries:\n- name: r.example.com\n  endpoint: https://" + registryAt + "\n  " + trust + "\n"
                + line("  ", ofRegistry) + "  mirrors:\n  - url: https://" + mirrorAt + "\n    prefix: hub\n    "
                + trust + "\n"
                + line("    ", ofMirror);
        ServerConfig config = new ConfigLoader(name -> Optional.ofNullable(environment.get(name)))
                .parse(yaml, "test.yaml", Overrides.none())
                .config();
        upstreams = new HttpUpstreams(
                config,
                names,
                new SystemTrust(() -> new PemFiles("tls").trustManager(ca)),
                Breaker.ProbeSchedule.DEFAULT);
    }

    private static String line(String indent, String proxy) {
        return proxy.isEmpty() ? "" : indent + "proxy: " + proxy + "\n";
    }

    private Upstream upstream() {
        return upstreams.get(RegistryName.parse("r.example.com"));
    }

    private byte[] manifest(String tag) {
        return upstream()
                .manifest("team/app", Reference.parse(tag), MAX_MANIFEST_BYTES)
                .bytes();
    }
}
