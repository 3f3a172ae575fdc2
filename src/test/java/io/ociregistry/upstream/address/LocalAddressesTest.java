package io.ociregistry.upstream.address;

import static io.ociregistry.upstream.pool.TestUpstreams.assertHolds;
import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.config.address.Endpoint.Scheme;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests to loopback, private and metadata addresses that registries name. */
@Timeout(30)
class LocalAddressesTest {
    private final FakeUpstream up = FakeUpstream.start();
    private final FakeImage image =
            up.image("library/alpine", "3.20").layer(1000).push();
    private final TestUpstreams upstreams = new TestUpstreams();

    @AfterEach
    void stop() {
        upstreams.close();
        up.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1:PORT",
                "localhost:PORT",
                "[::1]:PORT",
                "[::ffff:127.0.0.1]:PORT",
                "looks-public.example.com:PORT",
                "127.0.0.2:PORT",
                "0.0.0.0:PORT",
                "169.254.169.254",
                "169.254.169.254:PORT",
                "10.0.0.1",
                "[fd00:ec2::254]"
            })
    void unlistedRegistryIsNotReachedAtLocalAddresses(String template) {
        String name = template.replace("PORT", Integer.toString(up.port()));
        RegistryException denied = failure(ErrorCode.DENIED, () -> upstreams
                .get(name)
                .manifest("library/alpine", Reference.parse("3.20"), TestUpstreams.MAX_MANIFEST_BYTES));
        assertHolds("GET manifest " + name + "/library/alpine:3.20: ", denied.getMessage());
        assertHolds("add it under registries", denied.getMessage());
        assertEquals(0, up.connections());
        // The HTTP client resolves literal addresses too, so the guard checks them.
        assertEquals(1, upstreams.names().lookups().size());
    }

    @Test
    void deniedUnlistedRegistryIsNotResolved() {
        upstreams.denyUnlisted();
        RegistryException denied = failure(ErrorCode.DENIED, () -> upstreams.get("registry.example.com"));
        assertHolds("unlistedRegistries is deny", denied.getMessage());
        assertEquals(List.of(), upstreams.names().lookups());
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:PORT", "localhost:PORT", "internal.example.com:PORT"})
    void configuredRegistryIsReachedAtAnyAddress(String template) {
        String name = template.replace("PORT", Integer.toString(up.port()));
        upstreams.with(UpstreamConfig.of(name).withScheme(Scheme.HTTP));
        assertArrayEquals(
                image.manifest(), upstreams.manifest("library/alpine", "3.20").bytes());
        assertEquals(1, upstreams.names().lookups().size(), "the checked address is the one that is used");
    }

    @Test
    void configuredRegistryIsReachedAtAnIpv6Address() throws Exception {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getAllByName("::1")[0], 0));
            Thread server = new Thread(() -> {
                try (var connection = socket.accept()) {
                    connection.getInputStream().read();
                    connection
                            .getOutputStream()
                            .write("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
                                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            server.start();
            upstreams.with(UpstreamConfig.of("[::1]:" + socket.getLocalPort()).withScheme(Scheme.HTTP));
            failure(ErrorCode.MANIFEST_UNKNOWN, () -> upstreams.manifest("library/alpine", "3.20"));
            server.join();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"http://169.254.169.254/latest/meta-data/", "http://metadata.example.net/", "http://[fe80::1]/"})
    void loopbackRegistryCannotRedirectToSpecialAddress(String location) throws Exception {
        upstreams.names().with("metadata.example.net", "169.254.169.254");
        upstreams.with(UpstreamConfig.of("127.0.0.1:" + up.port()).withScheme(Scheme.HTTP));
        up.on(Match.manifests()).always(new Fault.RedirectTo(location));
        RegistryException denied = failure(ErrorCode.DENIED, () -> upstreams.manifest("library/alpine", "3.20"));
        assertHolds("a special address", denied.getMessage());
    }

    @Test
    void loopbackRegistryCannotNameSpecialTokenService() {
        upstreams.with(UpstreamConfig.of("127.0.0.1:" + up.port()).withScheme(Scheme.HTTP));
        up.on(Match.manifests())
                .always(Fault.status(401)
                        .header("WWW-Authenticate", "Bearer realm=\"http://169.254.169.254/latest/meta-data/\""));
        failure(ErrorCode.DENIED, () -> upstreams.manifest("library/alpine", "3.20"));
    }

    @Test
    void publicRegistryCannotNameLocalAddresses() throws Exception {
        // One public address makes this a public registry. It is reached at the other address, which comes first and
        // accepts the connection.
        upstreams.names().with("registry.example.com", "127.0.0.1", "8.8.8.8");
        upstreams.with(
                UpstreamConfig.of("registry.example.com").withEndpoint("http://registry.example.com:" + up.port()));
        try (FakeUpstream near = FakeUpstream.start()) {
            for (String host : List.of("127.0.0.1", "localhost", "near.example.net", "[::ffff:127.0.0.1]")) {
                String url = "http://" + host + ":" + near.port();
                up.on(Match.manifests()).once(new Fault.RedirectTo(url + "/v2/library/alpine/manifests/3.20"));
                failure(ErrorCode.DENIED, () -> upstreams.manifest("library/alpine", "3.20"));
                up.on(Match.manifests())
                        .once(Fault.status(401).header("WWW-Authenticate", "Bearer realm=\"" + url + "/token\""));
                RegistryException denied =
                        failure(ErrorCode.DENIED, () -> upstreams.manifest("library/alpine", "3.20"));
                assertHolds(
                        "and http://registry.example.com:" + up.port() + " may not send requests there",
                        denied.getMessage());
            }
            assertEquals(0, near.connections());
        }
        assertArrayEquals(
                image.manifest(), upstreams.manifest("library/alpine", "3.20").bytes());
    }
}
