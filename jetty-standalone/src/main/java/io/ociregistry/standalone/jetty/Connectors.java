package io.ociregistry.standalone.jetty;

import java.util.Optional;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** Makes the port that clients connect to, with all that bounds what they cost. */
final class Connectors {
    /** Of the request line and the headers together: a token of 32 KiB, and the 19 KB of ranges that podman asks for at once. */
    static final int HEADER_BYTES = 64 * 1024;

    /** Of an answer; what upstreams say takes less. */
    private static final int RESPONSE_HEADER_BYTES = 16 * 1024;

    /** Jetty's default is the system's 50: with 256 connections at once some waited a second for their SYN to be sent again. */
    private static final int ACCEPT_QUEUE = 1024;

    /** A client on a slow link is silent for seconds between two pieces; one that asks for nothing delays the stop by twice that. */
    private static final long IDLE_WHILE_STOPPING = 4000;

    private Connectors() {}

    static ServerConnector connector(
            Server server, String host, int port, ServerLimits limits, Optional<ServerTls> tls) {
        var http = new HeaderLimit(http());
        // Whoever verifies the certificate did; a probe that does not, like a kubelet's, calls the server by an
        // address.
        tls.ifPresent(secured -> http.getHttpConfiguration().addCustomizer(new SecureRequestCustomizer(false)));
        var factories = tls.map(secured -> new ConnectionFactory[] {secured.before(http.getProtocol()), http})
                .orElseGet(() -> new ConnectionFactory[] {http});
        var connector = new ServerConnector(server, factories);
        connector.setHost(host);
        connector.setPort(port);
        connector.setAcceptQueueSize(ACCEPT_QUEUE);
        connector.setIdleTimeout(limits.idle().toMillis());
        connector.setShutdownIdleTimeout(IDLE_WHILE_STOPPING);
        var most = new NetworkConnectionLimit(limits.connections(), connector);
        most.setEndPointIdleTimeout(limits.idleWhenFull().toMillis());
        connector.addBean(most);
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
        // Refuses paths that two readers may understand differently, such as %2F and %2e; %3A is fine.
        http.setUriCompliance(UriCompliance.DEFAULT);
        return http;
    }
}
