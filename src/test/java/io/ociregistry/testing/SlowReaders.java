package io.ociregistry.testing;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Clients that send a request and read only the headers of the response until the test lets them continue. They use no
 * threads.
 */
public final class SlowReaders implements AutoCloseable {
    private static final int RECEIVE_BUFFER = 4096;
    private static final String HEADERS_END = "\r\n\r\n";

    /** The bytes that a client has received so far. */
    private static final class Received {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);

        int headerBytes() {
            int end = bytes.toString(StandardCharsets.ISO_8859_1).indexOf(HEADERS_END);
            return end < 0 ? -1 : end + HEADERS_END.length();
        }
    }

    private final Selector selector;
    private final List<SocketChannel> clients = new ArrayList<>();
    private final ByteBuffer buffer = ByteBuffer.allocate(256);

    private SlowReaders(Selector selector) {
        this.selector = selector;
    }

    /** Connects this number of clients, without a request. */
    public static SlowReaders connect(URI base, int count) throws IOException {
        SlowReaders readers = new SlowReaders(Selector.open());
        try {
            for (int i = 0; i < count; i++) {
                readers.connect(base);
            }
            return readers;
        } catch (IOException | RuntimeException e) {
            readers.close();
            throw e;
        }
    }

    private void connect(URI base) throws IOException {
        SocketChannel client = SocketChannel.open();
        clients.add(client);
        client.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER);
        client.connect(new InetSocketAddress(base.getHost(), base.getPort()));
        client.configureBlocking(false);
        client.register(selector, SelectionKey.OP_READ, new Received());
    }

    /** Sends the request from all clients. */
    public void ask(String pathAndQuery) throws IOException {
        byte[] request = ("GET " + pathAndQuery + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        for (SocketChannel client : clients) {
            client.write(ByteBuffer.wrap(request));
        }
    }

    /** Waits until each client has the response headers; returns the statuses. */
    public Set<Integer> awaitHeaders() throws IOException {
        Set<Integer> statuses = new TreeSet<>();
        int waiting = clients.size();
        while (waiting > 0) {
            if (selector.select(RawHttp.PATIENCE.toMillis()) == 0) {
                throw new EOFException(waiting + " of " + clients.size() + " got no headers");
            }
            for (SelectionKey key : selector.selectedKeys()) {
                Received got = (Received) key.attachment();
                read((SocketChannel) key.channel(), got);
                if (got.headerBytes() > 0) {
                    statuses.add(Integer.valueOf(
                            got.bytes.toString(StandardCharsets.ISO_8859_1).substring(9, 12)));
                    key.interestOps(0);
                    waiting--;
                }
            }
            selector.selectedKeys().clear();
        }
        return statuses;
    }

    private void read(SocketChannel client, Received got) throws IOException {
        buffer.clear();
        if (client.read(buffer) < 0) {
            throw new EOFException("the server closed after: " + got.bytes);
        }
        got.bytes.write(buffer.array(), 0, buffer.position());
    }

    /** Reads this number of body bytes in a client, and returns them from the beginning of the body. */
    public byte[] resume(int client, int length) throws IOException {
        SocketChannel channel = clients.get(client);
        SelectionKey key = channel.keyFor(selector);
        Received got = (Received) key.attachment();
        while (got.bytes.size() < got.headerBytes() + length) {
            key.interestOps(SelectionKey.OP_READ);
            if (selector.select(RawHttp.PATIENCE.toMillis()) == 0) {
                throw new EOFException("nothing came after " + got.bytes.size() + " bytes");
            }
            selector.selectedKeys().clear();
            read(channel, got);
        }
        byte[] all = got.bytes.toByteArray();
        return Arrays.copyOfRange(all, got.headerBytes(), got.headerBytes() + length);
    }

    /** Disconnects without notice, whatever is in transit. */
    @Override
    public void close() throws IOException {
        for (SocketChannel client : clients) {
            client.setOption(StandardSocketOptions.SO_LINGER, 0);
            client.close();
        }
        selector.close();
    }
}
