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
 * Connects to the first of several addresses of one host that accepts the connection (RFC 8305, section 5).
 *
 * <p>If all open attempts have failed, the next address is tried at once; after 250 ms without an answer, it is tried
 * in parallel. All attempts share one time limit. For use by one thread. {@link #close} ends the open attempts, but not
 * the connections that were returned.
 */
final class AddressRace implements AutoCloseable {
    private static final Duration ATTEMPT_DELAY = Duration.ofMillis(250);

    private final Deque<InetSocketAddress> untried;
    private final long deadline;
    private final Selector selector = Selector.open();
    private final Deque<SocketChannel> connected = new ArrayDeque<>();
    private final List<IOException> failures = new ArrayList<>();
    private long nextStart = System.nanoTime();

    AddressRace(Collection<InetSocketAddress> addresses, Duration limit) throws IOException {
        this.untried = new ArrayDeque<>(addresses);
        this.deadline = System.nanoTime() + limit.toNanos();
    }

    /**
     * Returns the next connection. Blocks.
     *
     * @throws IOException if all attempts failed or the time limit is exceeded: a {@link ConnectTimeoutException} if an
     *     attempt got no answer, otherwise a {@link ConnectException} with the reasons
     */
    Socket nextConnection() throws IOException {
        while (connected.isEmpty()) {
            if (attempts() == 0 && untried.isEmpty()) {
                throw failure();
            }
            long now = System.nanoTime();
            if (now - deadline >= 0) {
                failures.add(new ConnectTimeoutException("no answer"));
                throw failure();
            }
            if (!untried.isEmpty() && (attempts() == 0 || now - nextStart >= 0)) {
                start(untried.remove());
                nextStart = now + ATTEMPT_DELAY.toNanos();
            } else {
                await(untried.isEmpty() ? deadline - now : Math.min(deadline, nextStart) - now);
            }
        }
        SocketChannel winner = connected.remove();
        winner.configureBlocking(true);
        return winner.socket();
    }

    /** Records that a returned connection is unusable; the caller closes it and asks for the next one. */
    void recordFailure(IOException reason) {
        failures.add(reason);
    }

    /** Returns the remaining time, at least one millisecond. */
    Duration remaining() {
        return Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()));
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
            fail(channel, new NoRouteToHostException("this machine has no addresses of that family"));
        } catch (IOException e) {
            fail(channel, e);
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
            fail(channel, e);
        }
    }

    private void fail(SocketChannel channel, IOException reason) {
        failures.add(reason);
        close(channel);
    }

    /**
     * Combines the failures. A TLS failure explains most. A missing answer goes before refusals, because that address
     * may still answer.
     */
    private IOException failure() {
        for (IOException each : failures) {
            if (each instanceof SSLException) {
                return each;
            }
        }
        Map<String, Long> reasons = failures.stream()
                .collect(Collectors.groupingBy(
                        each -> String.valueOf(each.getMessage()), LinkedHashMap::new, Collectors.counting()));
        String reason = reasons.entrySet().stream()
                .map(each -> each.getKey() + (each.getValue() > 1 ? " (" + each.getValue() + " addresses)" : ""))
                .collect(Collectors.joining(", "));
        boolean timedOut = failures.stream().anyMatch(ConnectTimeoutException.class::isInstance);
        IOException all = timedOut ? new ConnectTimeoutException(reason) : new ConnectException(reason);
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
            // The returned connection does not depend on the selector.
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // The connection is not used any more.
        }
    }
}
