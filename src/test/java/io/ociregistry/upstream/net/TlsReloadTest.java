package io.ociregistry.upstream.net;

import static io.ociregistry.upstream.pool.TestUpstreams.assertHolds;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ociregistry.common.ReloadingFile;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.tls.SystemTrust;
import io.ociregistry.upstream.address.Origin;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Changes of the files of a registry's {@code tls}, with a server that records the client certificates. */
@Timeout(60)
class TlsReloadTest {
    @TempDir
    Path dir;

    private final TestCertificates authority = TestCertificates.create();
    private final AtomicLong now = new AtomicLong();
    private final BlockingQueue<String> shown = new LinkedBlockingQueue<>();
    private final LogLines log = LogLines.of(ReloadingFile.class.getName());
    private SSLServerSocket server;
    private TlsContexts contexts;

    @BeforeEach
    void start() throws IOException {
        server = (SSLServerSocket) authority
                .server()
                .sslContext()
                .getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
        server.setNeedClientAuth(true);
        Thread thread = new Thread(this::serve, "tls-server");
        thread.setDaemon(true);
        thread.start();
        write(authority.client("one"));
        contexts = TlsContexts.of(
                "registries[r.example]",
                new TlsConfig(
                        Optional.of(authority.caPem(dir)),
                        Optional.of(dir.resolve("client.pem")),
                        Optional.of(dir.resolve("client.key")),
                        false),
                Optional.of(new Origin("https", "127.0.0.1", server.getLocalPort())),
                SystemTrust.ofThisMachine(),
                now::get);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        log.close();
    }

    @Test
    void renewedClientCertificateIsUsedForTheNextConnection() throws Exception {
        assertEquals("CN=one", connect());
        write(authority.client("two"));
        pass(999);
        assertEquals("CN=one", connect(), "files are checked at most once a second");
        pass(1);
        assertEquals("CN=two", connect());
        assertEquals(1, log.at("INFO").size(), log.text());
        pass(1000);
        assertEquals("CN=two", connect());
        assertEquals(1, log.at("INFO").size(), "unchanged files are not read again");
    }

    @Test
    void renewedCaAppliesAtOnceAfterAFailedHandshake() throws Exception {
        TestCertificates.create().caPem(dir);
        assertThrows(SSLException.class, this::connect);
        authority.caPem(dir);
        assertEquals("CN=one", connect());
    }

    @Test
    void removedCaIsNoLongerTrusted() throws Exception {
        assertEquals("CN=one", connect());
        TestCertificates.create().caPem(dir);
        pass(1000);
        assertThrows(SSLException.class, this::connect);
    }

    @Test
    void brokenOrMissingFileKeepsThePreviousOneAndIsLoggedOnce() throws Exception {
        assertEquals("CN=one", connect());
        Files.writeString(dir.resolve("client.key"), "half a k");
        for (int i = 0; i < 3; i++) {
            pass(1000);
            assertEquals("CN=one", connect());
        }
        Files.delete(dir.resolve("client.key"));
        Files.writeString(dir.resolve("ca.pem"), "-----BEGIN CERTIFICATE-----\n");
        pass(1000);
        assertEquals("CN=one", connect());
        assertEquals(1, log.at("WARN").size(), log.text());
        assertHolds("tls.key " + dir.resolve("client.key") + " can't be used", log.text());
        assertHolds("The previous content is used", log.text());

        authority.caPem(dir);
        write(authority.client("two"));
        pass(1000);
        assertEquals("CN=two", connect());
        Files.writeString(dir.resolve("client.key"), "");
        pass(1000);
        assertEquals("CN=two", connect());
        assertEquals(2, log.at("WARN").size(), "a new problem is logged again");
    }

    @Test
    void renewedCertificateWaitsForItsKey() throws Exception {
        assertEquals("CN=one", connect());
        TestCertificates.Client two = authority.client("two");
        two.certPem(dir);
        pass(1000);
        assertEquals("CN=one", connect());
        two.keyPem(dir);
        pass(1000);
        assertEquals("CN=two", connect());
    }

    @Test
    void directorySwapOfKubernetesIsNoticed() throws Exception {
        Path first = Files.createDirectory(dir.resolve("first"));
        Path second = Files.createDirectory(dir.resolve("second"));
        TestCertificates.create().caPem(first);
        authority.caPem(second);
        Path data = dir.resolve("..data");
        Files.createSymbolicLink(data, first);
        Files.delete(dir.resolve("ca.pem"));
        Files.createSymbolicLink(dir.resolve("ca.pem"), data.resolve("ca.pem"));
        assertThrows(SSLException.class, this::connect);
        Path next = Files.createSymbolicLink(dir.resolve("..next"), second);
        Files.move(next, data, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        assertEquals("CN=one", connect());
    }

    private void write(TestCertificates.Client client) {
        client.certPem(dir);
        client.keyPem(dir);
    }

    private void pass(long millis) {
        now.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    /** Returns the client certificate that the server gets on a new connection. */
    private String connect() throws Exception {
        try (Socket tcp = new Socket(InetAddress.getLoopbackAddress(), server.getLocalPort());
                SSLSocket tls = contexts.upgrade(tcp, "127.0.0.1", tcp.getPort(), null, HttpClientContext.create())) {
            assertEquals(1, tls.getInputStream().read());
        }
        return shown.poll(30, TimeUnit.SECONDS);
    }

    private void serve() {
        while (!server.isClosed()) {
            try (SSLSocket socket = (SSLSocket) server.accept()) {
                shown.add(socket.getSession().getPeerPrincipal().getName());
                socket.getOutputStream().write(1);
            } catch (IOException over) {
                // The client refused the server, or the test has ended.
            }
        }
    }
}
