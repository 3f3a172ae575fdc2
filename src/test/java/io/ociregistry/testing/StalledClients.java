package io.ociregistry.testing;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/**
 * Clients that send requests repeatedly and read no response. They use no threads, and their buffers are so small that
 * the server soon has unsent bytes.
 */
public final class StalledClients implements AutoCloseable {
    private static final int BUFFER = 4096;
    /** The time without socket activity after which the server counts as stalled. */
    private static final Duration QUIET = Duration.ofMillis(300);

    private final Selector selector;

    private StalledClients(Selector selector) {
        this.selector = selector;
    }

    /** Connects this number of clients. */
    public static StalledClients connect(URI base, int count) throws IOException {
        StalledClients clients = new StalledClients(Selector.open());
        try {
            for (int i = 0; i < count; i++) {
                clients.connect(base);
            }
            return clients;
        } catch (IOException | RuntimeException e) {
            clients.close();
            throw e;
        }
    }

    private void connect(URI base) throws IOException {
        SocketChannel client = SocketChannel.open();
        client.setOption(StandardSocketOptions.SO_RCVBUF, BUFFER);
        client.setOption(StandardSocketOptions.SO_SNDBUF, BUFFER);
        client.connect(new InetSocketAddress(base.getHost(), base.getPort()));
        client.configureBlocking(false);
        client.register(selector, SelectionKey.OP_WRITE | SelectionKey.OP_READ);
    }

    /**
     * Sends the request from all clients repeatedly. Returns when each client could read the beginning of a response
     * and the server reads no more requests.
     *
     * @throws IOException if a client got no response in this time
     */
    public void ask(String request, Duration patience) throws IOException {
        byte[] requests = request.repeat(1 + 16 * BUFFER / request.length()).getBytes(StandardCharsets.ISO_8859_1);
        selector.keys().forEach(key -> key.attach(ByteBuffer.wrap(requests)));
        Set<SelectionKey> unanswered = new HashSet<>(selector.keys());
        long end = System.nanoTime() + patience.toNanos();
        while (selector.select(QUIET.toMillis()) > 0 || !unanswered.isEmpty()) {
            if (!unanswered.isEmpty() && System.nanoTime() > end) {
                throw new IOException(
                        unanswered.size() + " of " + selector.keys().size() + " got no answer");
            }
            for (SelectionKey key : selector.selectedKeys()) {
                if (key.isReadable()) {
                    unanswered.remove(key);
                    key.interestOps(SelectionKey.OP_WRITE);
                }
                ask((SocketChannel) key.channel(), (ByteBuffer) key.attachment(), key);
            }
            selector.selectedKeys().clear();
        }
    }

    private static void ask(SocketChannel client, ByteBuffer requests, SelectionKey key) {
        try {
            client.write(requests);
            if (!requests.hasRemaining()) {
                requests.rewind();
            }
        } catch (IOException serverHasEnough) {
            key.cancel();
        }
    }

    /** Disconnects without notice, whatever is in transit. */
    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            SocketChannel client = (SocketChannel) key.channel();
            client.setOption(StandardSocketOptions.SO_LINGER, 0);
            client.close();
        }
        selector.close();
    }
}
