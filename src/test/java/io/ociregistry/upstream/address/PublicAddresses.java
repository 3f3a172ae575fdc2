package io.ociregistry.upstream.address;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.address.IpLiteral;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.tls.PemFiles;
import io.ociregistry.tls.SystemTrust;
import io.ociregistry.upstream.health.Breaker;
import io.ociregistry.upstream.pool.HttpUpstreams;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Requests of unlisted registries to public addresses, which are on {@code lo} in a network namespace of their own.
 * {@code PublicAddressesIT} starts this program there. It exits with an exception if a claim fails.
 */
public final class PublicAddresses implements AutoCloseable {
    /** The addresses that {@code lo} must have. */
    public static final List<String> ADDRESSES = List.of("9.9.9.9", "11.0.0.1", "10.9.9.9");

    private static final String[] NAMES = {
        "one.example", "two.example", "private.example", "mixed.example", "rebinding.example", "127.0.0.1"
    };

    private final Map<String, List<InetAddress>> dns = new ConcurrentHashMap<>();
    private final TestCertificates authority = TestCertificates.create();
    private final FakeUpstream up = FakeUpstream.startTls(authority.server(NAMES));
    private final FakeImage image = up.image("team/app", "1").push();
    private final Forwarder one = new Forwarder("9.9.9.9", 443);
    private final Forwarder two = new Forwarder("11.0.0.1", 443);
    private final Forwarder otherPort = new Forwarder("11.0.0.1", 8443);
    private final Forwarder inside = new Forwarder("10.9.9.9", 443);
    private final Forwarder loopback = new Forwarder("127.0.0.1", 443);
    private final HttpUpstreams upstreams;

    private PublicAddresses(Path directory) throws IOException {
        Path pem = authority.caPem(directory);
        upstreams = new HttpUpstreams(
                ServerConfig.defaults(),
                this::lookUp,
                new SystemTrust(() -> new PemFiles("tls").trustManager(pem)),
                Breaker.ProbeSchedule.DEFAULT);
        at("one.example", "9.9.9.9");
        at("two.example", "11.0.0.1");
        at("other.example", "11.0.0.1");
        at("private.example", "10.9.9.9");
        at("mixed.example", "10.9.9.9", "9.9.9.9", "127.0.0.1");
        at("loopback.example", "127.0.0.1");
    }

    public static void main(String[] arguments) throws IOException {
        Path directory = Files.createTempDirectory("public");
        try (PublicAddresses test = new PublicAddresses(directory)) {
            test.publicAddressIsReachedAndVerified();
            test.privateAddressIsNotReached();
            test.nameIsCheckedForEveryConnection();
            test.onlyTheOwnPortAnd443AreReached();
            test.localTargetsAreRefused();
        }
    }

    private void publicAddressIsReachedAndVerified() {
        pull("one.example");
        is(1, one.count());
        fails(ErrorCode.UPSTREAM_UNREACHABLE, "other.example");
        is(true, two.count() > 0);
    }

    private void privateAddressIsNotReached() {
        fails(ErrorCode.DENIED, "private.example");
        pull("mixed.example");
        is(0, inside.count());
        is(0, loopback.count());
    }

    private void nameIsCheckedForEveryConnection() throws UnknownHostException {
        at("rebinding.example", "9.9.9.9");
        pull("rebinding.example");
        at("rebinding.example", "127.0.0.1");
        up.resetConnections();
        fails(ErrorCode.DENIED, "rebinding.example");
        is(0, loopback.count());
    }

    private void onlyTheOwnPortAnd443AreReached() {
        redirect("https://two.example:8443/v2/team/app/manifests/1");
        fails(ErrorCode.DENIED, "one.example");
        up.on(Match.manifests())
                .once(Fault.status(401).header("WWW-Authenticate", "Bearer realm=\"https://two.example:8443/token\""));
        fails(ErrorCode.DENIED, "one.example");
        is(0, otherPort.count());
        redirect("https://two.example/v2/team/app/manifests/1");
        pull("one.example");
        redirect("https://one.example/v2/team/app/manifests/1");
        pull("two.example:8443");
        is(1, otherPort.count());
        redirect("http://one.example/v2/team/app/manifests/1");
        fails(ErrorCode.UPSTREAM_BAD_ANSWER, "one.example");
    }

    private void localTargetsAreRefused() {
        for (String host : List.of(
                "127.0.0.1",
                "127.1",
                "0x7f.1",
                "2130706433",
                "127.0.0.1.",
                "[::ffff:127.0.0.1]",
                "loopback.example",
                "private.example",
                "10.9.9.9")) {
            redirect("https://" + host + "/v2/team/app/manifests/1");
            fails(ErrorCode.DENIED, "one.example");
            up.on(Match.manifests())
                    .once(Fault.status(401).header("WWW-Authenticate", "Bearer realm=\"https://" + host + "/token\""));
            fails(ErrorCode.DENIED, "one.example");
        }
        is(0, inside.count());
        is(0, loopback.count());
    }

    private void redirect(String url) {
        up.on(Match.manifests()).once(new Fault.RedirectTo(url));
    }

    private void pull(String registry) {
        is(true, Arrays.equals(image.manifest(), manifest(registry)));
    }

    private void fails(ErrorCode code, String registry) {
        try {
            manifest(registry);
        } catch (RegistryException e) {
            is(code + "", e.code() + (e.code() == code ? "" : ": " + e.getMessage()));
            return;
        }
        throw new IllegalStateException(registry + " was reached");
    }

    private byte[] manifest(String registry) {
        return upstreams
                .get(RegistryName.parse(registry))
                .manifest("team/app", Reference.parse("1"), 1 << 20)
                .bytes();
    }

    private static void is(Object expected, Object actual) {
        if (!expected.equals(actual)) {
            throw new IllegalStateException("expected " + expected + ", but it is " + actual);
        }
    }

    private void at(String name, String... addresses) throws UnknownHostException {
        InetAddress[] all = new InetAddress[addresses.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = InetAddress.getByName(addresses[i]);
        }
        dns.put(name, List.of(all));
    }

    private List<InetAddress> lookUp(String host) throws UnknownHostException {
        List<InetAddress> configured = dns.get(host);
        if (configured != null) {
            return configured;
        }
        return List.of(IpLiteral.parse(host).orElseThrow(() -> new UnknownHostException(host)));
    }

    @Override
    public void close() {
        upstreams.close();
        up.close();
    }

    /** An address and port that forward to the fake registry. */
    private final class Forwarder {
        private final AtomicInteger opened = new AtomicInteger();

        Forwarder(String address, int port) {
            try {
                ServerSocket listening = new ServerSocket();
                listening.bind(new InetSocketAddress(address, port));
                start(() -> {
                    while (true) {
                        Socket client = listening.accept();
                        opened.incrementAndGet();
                        Socket server = new Socket(InetAddress.getLoopbackAddress(), up.port());
                        start(() -> client.getInputStream().transferTo(server.getOutputStream()), client, server);
                        start(() -> server.getInputStream().transferTo(client.getOutputStream()), client, server);
                    }
                });
            } catch (IOException e) {
                throw new IllegalStateException(address + " is not on lo here: is this the namespace of the test?", e);
            }
        }

        int count() {
            return opened.get();
        }
    }

    /** Copies bytes until a connection ends. */
    private interface Copy {
        void run() throws IOException;
    }

    private static void start(Copy work, Socket... ended) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException over) {
                // The other side is closed too.
            }
            for (Socket socket : ended) {
                try {
                    socket.close();
                } catch (IOException gone) {
                    // The socket is closed.
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
    }
}
