package io.ociregistry.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** The loopback network, the only one that these tests use. */
final class Loopback {
    static final String ADDRESS = "127.0.0.1";
    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    private Loopback() {}

    /**
     * Returns a port without a listener; the caller must bind it at once. It is below the ports that the kernel gives
     * to clients and to servers without a port of their own, and random, because two test processes run at a time.
     */
    static int freePort() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(10_000, 32_000);
            try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (BindException inUse) {
                // The next random port may be free.
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Returns true if a server accepts connections at the address. */
    static boolean accepts(int port) {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns true if a GET returns 200. */
    static boolean isReady(URI uri) {
        try {
            return get(uri).statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    static HttpResponse<byte[]> get(URI uri) throws IOException {
        return send("GET", uri);
    }

    static HttpResponse<byte[]> send(String method, URI uri) throws IOException {
        var request = HttpRequest.newBuilder(uri)
                .timeout(Duration.ofSeconds(60))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
        try {
            return CLIENT.send(request, BodyHandlers.ofByteArray());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
