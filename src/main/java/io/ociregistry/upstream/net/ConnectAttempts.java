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
 * Connects to a host at whichever of its addresses works, TLS included: a host cannot be reached only if all its addresses fail, and one time
 * limit holds for all of them ({@link AddressRace}).
 *
 * <p>The families of addresses take turns, and each connection starts with the next address, so that connections spread over all of them.
 */
final class ConnectAttempts implements HttpClientConnectionOperator {
    private final DnsResolver resolver;
    private final HttpClientConnectionOperator tls;
    private final AtomicInteger turn = new AtomicInteger();

    /** Connects to addresses of that resolver; {@code tls} upgrades connections. */
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
                Socket socket = race.next();
                try {
                    socket.setTcpNoDelay(config.isTcpNoDelay());
                    connection.bind(socket);
                    if (host.getSchemeName().equals("https")) {
                        connection.setSocketTimeout(Timeout.of(race.left()));
                        tls.upgrade(connection, host, name, attachment, context);
                    }
                    return;
                } catch (IOException e) {
                    socket.close();
                    race.failed(beforeTls(e));
                } catch (RuntimeException e) {
                    socket.close();
                    throw e;
                }
            }
        }
    }

    private static IOException beforeTls(IOException e) {
        if (e instanceof SocketTimeoutException) {
            return (IOException) new ConnectTimeoutException("no answer to the TLS handshake").initCause(e);
        }
        return e;
    }

    /** All addresses of a host, in the order in which the next connection tries them. */
    List<InetSocketAddress> addresses(String host, int port) throws UnknownHostException {
        List<InetSocketAddress> found = resolver.resolve(host, port);
        if (found.isEmpty()) {
            throw new UnknownHostException(host);
        }
        Class<? extends InetAddress> family = found.get(0).getAddress().getClass();
        List<InetSocketAddress> preferred = new ArrayList<>();
        List<InetSocketAddress> others = new ArrayList<>();
        found.forEach(each -> (family.isInstance(each.getAddress()) ? preferred : others).add(each));
        int number = turn.getAndIncrement() & Integer.MAX_VALUE;
        Collections.rotate(preferred, -(number % preferred.size()));
        Collections.rotate(others, others.isEmpty() ? 0 : -(number % others.size()));
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
