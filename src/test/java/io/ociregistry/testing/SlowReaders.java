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
 * Clients that ask for one thing and take no more of the answer than its headers, until they are told to. They use no
 * thread.
 */
public final class SlowReaders implements AutoCloseable {
    private static final int RECEIVE_BUFFER = 4096;
    private static final String HEADERS_END = "\r\n\r\n";

    /** What one client has got so far. */
    private static final class Got {
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

    /** Connects so many, which ask for nothing yet. */
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
        client.register(selector, SelectionKey.OP_READ, new Got());
    }

    /** All of them ask for that. */
    public void ask(String pathAndQuery) throws IOException {
        byte[] request = ("GET " + pathAndQuery + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        for (SocketChannel client : clients) {
            client.write(ByteBuffer.wrap(request));
        }
    }

    /** Returns when each of them has the headers of its answer; gives the statuses that came. */
    public Set<Integer> awaitHeaders() throws IOException {
        Set<Integer> statuses = new TreeSet<>();
        int waiting = clients.size();
        while (waiting > 0) {
            if (selector.select(RawHttp.PATIENCE.toMillis()) == 0) {
                throw new EOFException(waiting + " of " + clients.size() + " got no headers");
            }
            for (SelectionKey key : selector.selectedKeys()) {
                Got got = (Got) key.attachment();
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

    private void read(SocketChannel client, Got got) throws IOException {
        buffer.clear();
        if (client.read(buffer) < 0) {
            throw new EOFException("the server closed after: " + got.bytes);
        }
        got.bytes.write(buffer.array(), 0, buffer.position());
    }

    /** One of them reads on; gives that many bytes of the body, from its beginning. */
    public byte[] readOn(int client, int length) throws IOException {
        SocketChannel channel = clients.get(client);
        SelectionKey key = channel.keyFor(selector);
        Got got = (Got) key.attachment();
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

    /** Leaves without a word, whatever is still under way. */
    @Override
    public void close() throws IOException {
        for (SocketChannel client : clients) {
            client.setOption(StandardSocketOptions.SO_LINGER, 0);
            client.close();
        }
        selector.close();
    }
}
