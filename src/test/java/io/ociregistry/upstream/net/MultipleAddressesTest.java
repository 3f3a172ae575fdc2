package io.ociregistry.upstream.net;

import static io.ociregistry.upstream.pool.TestUpstreams.assertHolds;
import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.ProxyConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A host with several addresses is reached if one of them works. */
@Timeout(60)
class MultipleAddressesTest {
    private static final String NAME = "registry.example.com";
    private static final String WORKS = "127.0.0.1";
    private static final String REFUSES = "127.0.0.2";
    private static final String SILENT = "127.0.0.3";
    /** A multicast address, to which the kernel has no TCP route and sends nothing. */
    private static final String NO_ROUTE = "ff02::1";

    private final FakeUpstream up = FakeUpstream.start();
    private final FakeImage image = up.image("team/app", "1").push();
    private final TestUpstreams upstreams = new TestUpstreams();

    private final List<SilentPort> silent = new ArrayList<>();

    @AfterEach
    void stop() throws IOException {
        upstreams.close();
        up.close();
        for (SilentPort each : silent) {
            each.close();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                WORKS + " " + REFUSES + " " + NO_ROUTE + " ff02::2",
                WORKS + " " + REFUSES + " 127.0.0.4",
                REFUSES + " 127.0.0.4 127.0.0.5 127.0.0.6 127.0.0.7 " + WORKS + " " + NO_ROUTE
            })
    void refusingAndUnroutableAddressesCostNoTime(String addresses) throws Exception {
        String[] all = addresses.split(" ");
        registryAt(all);
        for (int i = 0; i < 2 * all.length; i++) {
            assertPulls();
        }
    }

    @Test
    void silentAddressCostsAFractionOfASecond() throws Exception {
        registryAt(SILENT, WORKS, SILENT);
        silence(SILENT);
        for (int i = 0; i < 4; i++) {
            long start = System.nanoTime();
            assertPulls();
            Duration taken = Duration.ofNanos(System.nanoTime() - start);
            assertTrue(taken.compareTo(Duration.ofSeconds(2)) < 0, taken::toString);
        }
    }

    @Test
    void registryIsDownIfAllAddressesFail() throws Exception {
        registryAt(REFUSES, "127.0.0.4", NO_ROUTE);
        RegistryException down = failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstreams.manifest("team/app", "1"));
        assertHolds("Connection refused (2 addresses)", down.getMessage());
        failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstreams.get().check(RequestKind.MANIFEST));
    }

    @Test
    void allAddressesShareOneTimeLimit() throws Exception {
        upstreams.withConnectTimeout(Duration.ofMillis(800));
        String[] all = {SILENT, "127.0.0.4", "127.0.0.5", "127.0.0.6"};
        registryAt(all);
        silence(all);
        long start = System.nanoTime();
        RegistryException down = failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstreams.manifest("team/app", "1"));
        Duration taken = Duration.ofNanos(System.nanoTime() - start);
        assertHolds("did not accept the connection in time", down.getMessage());
        assertTrue(taken.compareTo(Duration.ofSeconds(3)) < 0, taken::toString);
    }

    @Test
    void addressWithFailingTlsIsSkipped(@TempDir Path directory) throws Exception {
        TestCertificates authority = TestCertificates.create();
        try (FakeUpstream safe = FakeUpstream.startTls(authority.server(NAME));
                ServerSocket broken = new ServerSocket(safe.port(), 10, InetAddress.getByName(REFUSES))) {
            FakeImage other = safe.image("team/app", "1").push();
            closeAcceptedConnections(broken);
            upstreams.names().with(NAME, REFUSES, WORKS);
            upstreams
                    .withSystemTrust(authority.caPem(directory))
                    .with(UpstreamConfig.of(NAME).withEndpoint("https://" + NAME + ":" + safe.port()));
            for (int i = 0; i < 3; i++) {
                assertArrayEquals(
                        other.manifest(), upstreams.manifest("team/app", "1").bytes());
                safe.resetConnections();
            }
        }
    }

    @Test
    void proxyIsReachedAtAWorkingAddress() throws Exception {
        try (ConnectProxy proxy = ConnectProxy.start().leadTo("plain.example.com:80", up)) {
            upstreams.names().with("proxy.example.com", REFUSES, "127.0.0.4", WORKS, NO_ROUTE);
            upstreams.with(UpstreamConfig.of("plain.example.com")
                    .withEndpoint("http://plain.example.com")
                    .withProxy(new ProxyConfig.HttpProxy(
                            "proxy.example.com", proxy.port(), AuthConfig.ANONYMOUS, List.of())));
            for (int i = 0; i < 4; i++) {
                assertArrayEquals(
                        image.manifest(), upstreams.manifest("team/app", "1").bytes());
                proxy.cut();
            }
        }
    }

    @Test
    void redirectAndTokenServiceAreReachedAtAWorkingAddress() throws Exception {
        registryAt(WORKS);
        upstreams.names().with("other.example.com", REFUSES, "127.0.0.4", WORKS);
        String other = "http://other.example.com:" + up.port();
        for (int i = 0; i < 3; i++) {
            up.on(Match.of(Recorded.Kind.TOKEN)).once(Fault.status(200).body("{\"token\":\"t" + i + "\"}"));
            up.on(Match.manifests()).once(new Fault.RedirectToServer(other));
            assertArrayEquals(
                    image.manifest(), upstreams.manifest("team/app", "1").bytes());
            up.resetConnections();
            up.on(Match.manifests())
                    .once(Fault.status(401).header("WWW-Authenticate", "Bearer realm=\"" + other + "/token\""));
            assertArrayEquals(
                    image.manifest(), upstreams.manifest("team/app", "1").bytes());
            up.resetConnections();
        }
    }

    private void registryAt(String... addresses) throws UnknownHostException {
        upstreams.names().with(NAME, addresses);
        upstreams.with(UpstreamConfig.of(NAME).withEndpoint("http://" + NAME + ":" + up.port()));
    }

    private void silence(String... addresses) throws IOException {
        for (String address : addresses) {
            silent.add(new SilentPort(address, up.port()));
        }
    }

    /** Pulls over a new connection. */
    private void assertPulls() {
        int before = up.connections();
        assertArrayEquals(image.manifest(), upstreams.manifest("team/app", "1").bytes());
        assertEquals(before + 1, up.connections());
        up.resetConnections();
    }

    private static void closeAcceptedConnections(ServerSocket server) {
        Thread thread = new Thread(() -> {
            try {
                while (true) {
                    server.accept().close();
                }
            } catch (IOException closed) {
                // The test has ended.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    /** A port that neither accepts nor refuses: its queue is full, so the kernel drops packets. */
    private static final class SilentPort implements AutoCloseable {
        private final ServerSocket server;
        private final List<Socket> fillers = new ArrayList<>();

        SilentPort(String address, int port) throws IOException {
            server = new ServerSocket(port, 1, InetAddress.getByName(address));
            try {
                while (true) {
                    Socket filler = new Socket();
                    filler.connect(new InetSocketAddress(address, port), 200);
                    fillers.add(filler);
                }
            } catch (SocketTimeoutException full) {
                // The socket is closed.
            }
        }

        @Override
        public void close() throws IOException {
            for (Socket each : fillers) {
                each.close();
            }
            server.close();
        }
    }
}
