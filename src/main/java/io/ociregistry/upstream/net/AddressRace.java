package io.ociregistry.upstream.net;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.ConnectTimeoutException;

/**
 * Connects to the first of several addresses of one host that takes the connection (RFC 8305, section 5).
 *
 * <p>A refusal or a missing route starts the next address at once, silence starts it after 250 ms; earlier attempts go on meanwhile. All
 * attempts together have one time limit. One thread's; {@link #close} ends the attempts that are still open, not the connections that were
 * returned.
 */
final class AddressRace implements AutoCloseable {
    private static final Duration HEAD_START = Duration.ofMillis(250);

    private final Deque<InetSocketAddress> waiting;
    private final long end;
    private final Selector selector = Selector.open();
    private final Deque<SocketChannel> connected = new ArrayDeque<>();
    private final List<IOException> failures = new ArrayList<>();
    private long nextStart = System.nanoTime();

    /** A race that has not started. */
    AddressRace(Collection<InetSocketAddress> addresses, Duration limit) throws IOException {
        this.waiting = new ArrayDeque<>(addresses);
        this.end = System.nanoTime() + limit.toNanos();
    }

    /**
     * The next connection. Blocks.
     *
     * @throws IOException if all attempts failed, or the time is over: a {@link ConnectTimeoutException} if an attempt was not answered, a
     *     {@link ConnectException} with the reasons otherwise
     */
    Socket next() throws IOException {
        while (connected.isEmpty()) {
            if (attempts() == 0 && waiting.isEmpty()) {
                throw failure();
            }
            long now = System.nanoTime();
            if (now - end >= 0) {
                failures.add(new ConnectTimeoutException("no answer"));
                throw failure();
            }
            if (!waiting.isEmpty() && (attempts() == 0 || now - nextStart >= 0)) {
                start(waiting.remove());
                nextStart = now + HEAD_START.toNanos();
            } else {
                await(waiting.isEmpty() ? end - now : Math.min(end, nextStart) - now);
            }
        }
        SocketChannel winner = connected.remove();
        winner.configureBlocking(true);
        return winner.socket();
    }

    /** Notes that a connection that was returned is of no use; the caller closes it and asks for the next one. */
    void failed(IOException why) {
        failures.add(why);
    }

    /** The time that is left; at least a millisecond. */
    Duration left() {
        return Duration.ofNanos(Math.max(1_000_000, end - System.nanoTime()));
    }

    private long attempts() {
        return selector.keys().stream().filter(SelectionKey::isValid).count();
    }

    private void start(InetSocketAddress address) throws IOException {
        SocketChannel channel = SocketChannel.open();
        try {
            channel.configureBlocking(false);
            if (channel.connect(address)) {
                connected.add(channel);
            } else {
                channel.register(selector, SelectionKey.OP_CONNECT);
            }
        } catch (UnsupportedAddressTypeException e) {
            failed(channel, new NoRouteToHostException("this machine has no addresses of that family"));
        } catch (IOException e) {
            failed(channel, e);
        }
    }

    private void await(long nanos) throws IOException {
        selector.select(this::finish, nanos / 1_000_000 + 1);
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("interrupted while connecting");
        }
    }

    private void finish(SelectionKey key) {
        SocketChannel channel = (SocketChannel) key.channel();
        key.cancel();
        try {
            channel.finishConnect();
            connected.add(channel);
        } catch (IOException e) {
            failed(channel, e);
        }
    }

    private void failed(SocketChannel channel, IOException why) {
        failures.add(why);
        close(channel);
    }

    /** What TLS says explains most; silence goes before refusals, since that address may answer yet. */
    private IOException failure() {
        for (IOException each : failures) {
            if (each instanceof SSLException) {
                return each;
            }
        }
        Map<String, Long> reasons = failures.stream()
                .collect(Collectors.groupingBy(
                        each -> String.valueOf(each.getMessage()), LinkedHashMap::new, Collectors.counting()));
        String why = reasons.entrySet().stream()
                .map(each -> each.getKey() + (each.getValue() > 1 ? " (" + each.getValue() + " addresses)" : ""))
                .collect(Collectors.joining(", "));
        boolean silent = failures.stream().anyMatch(ConnectTimeoutException.class::isInstance);
        IOException all = silent ? new ConnectTimeoutException(why) : new ConnectException(why);
        failures.forEach(all::addSuppressed);
        return all;
    }

    @Override
    public void close() {
        selector.keys().stream().filter(SelectionKey::isValid).forEach(key -> close((SocketChannel) key.channel()));
        connected.forEach(AddressRace::close);
        try {
            selector.close();
        } catch (IOException e) {
            // The connection that was returned is good all the same.
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // Nobody uses it.
        }
    }
}
