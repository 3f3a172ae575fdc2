package io.ociregistry.standalone.jetty;

import jakarta.servlet.http.HttpServlet;
import java.time.Duration;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A port for one servlet of the operator, over plain HTTP. It shares no thread and no connection limit with the port of
 * the clients, so that it answers however many clients are slow. An instance is started; its owner stops it.
 */
final class SidePort {
    private static final Logger LOG = LoggerFactory.getLogger(SidePort.class);
    private static final int MAX_THREADS = 6;
    private static final int MAX_CONNECTIONS = 64;
    private static final Duration IDLE = Duration.ofSeconds(30);

    private final Server server;

    private SidePort(Server server) {
        this.server = server;
    }

    /**
     * Opens the port.
     *
     * @param option the option that sets the port, for messages
     */
    static SidePort start(String host, int port, String option, HttpServlet servlet, String... paths)
            throws StartException {
        var threads = new QueuedThreadPool(MAX_THREADS, 1);
        threads.setName(option.substring(2));
        var server = new Server(threads);
        var http = new HttpConfiguration();
        http.setSendServerVersion(false);
        var connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
        connector.setHost(host);
        connector.setPort(port);
        connector.setIdleTimeout(IDLE.toMillis());
        connector.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, connector));
        server.addConnector(connector);
        server.setErrorHandler(OciErrorHandler.ofServer());
        var application = new ServletContextHandler("/", ServletContextHandler.NO_SESSIONS);
        application.setErrorHandler(OciErrorHandler.ofApplication());
        for (String path : paths) {
            application.addServlet(new ServletHolder(servlet), path);
        }
        server.setHandler(application);
        BindErrors.open(connector, "--host", option);
        var started = new SidePort(server);
        try {
            server.start();
        } catch (Exception e) {
            started.stop();
            throw new StartException("cannot start the port of " + option + ": " + e.getMessage(), e);
        }
        return started;
    }

    void stop() {
        try {
            server.stop();
        } catch (Exception e) {
            LOG.warn("a port did not stop in order: {}", e.toString());
        }
    }
}
