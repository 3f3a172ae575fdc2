package io.ociregistry.upstream.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.impl.DefaultSchemePortResolver;
import org.apache.hc.client5.http.io.HttpClientConnectionOperator;
import org.apache.hc.client5.http.io.ManagedHttpClientConnection;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.net.NamedEndpoint;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * Connects to a host at the first of its addresses that works, including the TLS handshake. The connection fails only
 * if all addresses fail within one common time limit ({@link AddressRace}).
 *
 * <p>Address families alternate, and each connection starts with the next address, which spreads the connections over
 * all addresses. Thread-safe.
 */
final class ConnectAttempts implements HttpClientConnectionOperator {
    private final DnsResolver resolver;
    private final HttpClientConnectionOperator tls;
    private final AtomicInteger turn = new AtomicInteger();

    /**
     * Connects to the addresses that a resolver returns.
     *
     * @param tls upgrades the connections to TLS
     */
    ConnectAttempts(DnsResolver resolver, HttpClientConnectionOperator tls) {
        this.resolver = resolver;
        this.tls = tls;
    }

    @Override
    public void connect(
            ManagedHttpClientConnection connection,
            HttpHost host,
            @Nullable NamedEndpoint name,
            @Nullable Path unixSocket,
            @Nullable InetSocketAddress local,
            Timeout limit,
            SocketConfig config,
            @Nullable Object attachment,
            HttpContext context)
            throws IOException {
        int port = DefaultSchemePortResolver.INSTANCE.resolve(host);
        try (AddressRace race = new AddressRace(addresses(host.getHostName(), port), limit.toDuration())) {
            while (true) {
                Socket socket = race.nextConnection();
                try {
                    socket.setTcpNoDelay(config.isTcpNoDelay());
                    connection.bind(socket);
                    if (host.getSchemeName().equals("https")) {
                        connection.setSocketTimeout(Timeout.of(race.remaining()));
                        tls.upgrade(connection, host, name, attachment, context);
                    }
                    return;
                } catch (IOException e) {
                    socket.close();
                    race.recordFailure(asConnectFailure(e));
                } catch (RuntimeException e) {
                    socket.close();
                    throw e;
                }
            }
        }
    }

    private static IOException asConnectFailure(IOException e) {
        if (e instanceof SocketTimeoutException) {
            return (IOException) new ConnectTimeoutException("no answer to the TLS handshake").initCause(e);
        }
        return e;
    }

    /** Returns all addresses of a host, in the order in which the next connection tries them. */
    List<InetSocketAddress> addresses(String host, int port) throws UnknownHostException {
        List<InetSocketAddress> found = resolver.resolve(host, port);
        if (found.isEmpty()) {
            throw new UnknownHostException(host);
        }
        Class<? extends InetAddress> family = found.get(0).getAddress().getClass();
        List<InetSocketAddress> preferred = new ArrayList<>();
        List<InetSocketAddress> others = new ArrayList<>();
        found.forEach(each -> (family.isInstance(each.getAddress()) ? preferred : others).add(each));
        int offset = turn.getAndIncrement() & Integer.MAX_VALUE;
        Collections.rotate(preferred, -(offset % preferred.size()));
        Collections.rotate(others, others.isEmpty() ? 0 : -(offset % others.size()));
        List<InetSocketAddress> mixed = new ArrayList<>();
        for (int i = 0; i < found.size(); i++) {
            if (i < preferred.size()) {
                mixed.add(preferred.get(i));
            }
            if (i < others.size()) {
                mixed.add(others.get(i));
            }
        }
        return mixed;
    }

    @Override
    public void connect(
            ManagedHttpClientConnection connection,
            HttpHost host,
            @Nullable InetSocketAddress local,
            TimeValue limit,
            SocketConfig config,
            HttpContext context)
            throws IOException {
        connect(connection, host, null, null, local, Timeout.of(limit.toDuration()), config, null, context);
    }

    @Override
    public void upgrade(ManagedHttpClientConnection connection, HttpHost host, HttpContext context) throws IOException {
        tls.upgrade(connection, host, context);
    }

    @Override
    public void upgrade(
            ManagedHttpClientConnection connection,
            HttpHost host,
            @Nullable NamedEndpoint name,
            @Nullable Object attachment,
            HttpContext context)
            throws IOException {
        tls.upgrade(connection, host, name, attachment, context);
    }
}
