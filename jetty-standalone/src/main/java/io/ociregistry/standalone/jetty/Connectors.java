package io.ociregistry.standalone.jetty;

import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** Makes the connectors of the server, with the limits of {@link ServerLimits}. */
final class Connectors {
    /**
     * The maximum size of request line and headers together. It takes a token of 32 KiB, and the 19 KB of ranges that
     * podman requests at once.
     */
    static final int HEADER_BYTES = 64 * 1024;

    /** The maximum size of the headers of an answer; headers that upstreams send need less. */
    private static final int RESPONSE_HEADER_BYTES = 16 * 1024;

    /**
     * Jetty's default is 50, that of the system: with 256 simultaneous connections, some clients waited one second
     * until they sent their SYN again.
     */
    private static final int ACCEPT_QUEUE = 1024;

    private Connectors() {}

    static ServerConnector connector(
            Server server, String host, int port, ServerLimits limits, Optional<ServerTls> tls) {
        var http = new HeaderLimit(http());
        // No check of the host name: a client that verifies the certificate has checked it, and a probe of a kubelet
        // does not verify and connects by address.
        tls.ifPresent(secured -> http.getHttpConfiguration().addCustomizer(new SecureRequestCustomizer(false)));
        var factories = tls.map(
                        secured -> new ConnectionFactory[] {secured.connectionFactory(http.getProtocol()), http})
                .orElseGet(() -> new ConnectionFactory[] {http});
        var connector = new ServerConnector(server, factories) {
            @Override
            protected SocketChannelEndPoint newEndPoint(
                    SocketChannel channel, ManagedSelector selector, SelectionKey key) {
                var end = new FileEndPoint(channel, selector, key, getScheduler());
                end.setIdleTimeout(getIdleTimeout());
                return end;
            }
        };
        connector.setHost(host);
        connector.setPort(port);
        connector.setAcceptQueueSize(ACCEPT_QUEUE);
        connector.setIdleTimeout(limits.idle().toMillis());
        // A client on a slow link is silent for seconds between two pieces of data, also during a stop.
        connector.setShutdownIdleTimeout(limits.idle().toMillis());
        var limit = new NetworkConnectionLimit(limits.connections(), connector);
        limit.setEndPointIdleTimeout(limits.idleWhenFull().toMillis());
        connector.addBean(limit);
        connector.addBean(new HandshakeLog());
        connector.addBean(new IdleConnectionEvictor(connector, limits.connections()));
        connector.addBean(new HeaderTimeout(connector.getScheduler(), limits.headers()));
        return connector;
    }

    private static HttpConfiguration http() {
        var http = new HttpConfiguration();
        http.setSendServerVersion(false);
        http.setRequestHeaderSize(HEADER_BYTES);
        http.setResponseHeaderSize(RESPONSE_HEADER_BYTES);
        // Refuses ambiguous paths, such as those with %2F and %2e; %3A is allowed.
        http.setUriCompliance(UriCompliance.DEFAULT);
        return http;
    }
}
