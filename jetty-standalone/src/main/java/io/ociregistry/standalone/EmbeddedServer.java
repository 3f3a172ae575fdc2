package io.ociregistry.standalone;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.web.RegistryContextListener;
import jakarta.servlet.ServletContextListener;
import java.time.Duration;
import java.util.function.Consumer;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Jetty, set up for slow links and unfriendly clients, around the same listener that a WAR has. Started until stopped. */
public final class EmbeddedServer {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedServer.class);
    private static final Duration IDLE = Duration.ofMinutes(2);
    /** A client on a slow link is silent for seconds between two pieces; one that asks for nothing delays the stop by twice that. */
    private static final Duration IDLE_WHILE_STOPPING = Duration.ofSeconds(4);

    private static final int HEADER_BYTES = 16 * 1024;

    /** Jetty's default is the system's 50: with 256 connections at once some waited a second for their SYN to be sent again. */
    private static final int ACCEPT_QUEUE = 1024;

    private final Server server;
    private final ServerConnector connector;

    private EmbeddedServer(Server server, ServerConnector connector) {
        this.server = server;
        this.connector = connector;
    }

    /** Serves a registry that the caller opened and will close. */
    public static EmbeddedServer start(ServerConfig config, RegistryContext context) throws StartException {
        return start(config, new RegistryContextListener(context));
    }

    static EmbeddedServer start(ServerConfig config, ServletContextListener listener) throws StartException {
        return start(config, listener, connector -> {});
    }

    /**
     * Serves whatever the listener registers.
     *
     * @param tuning changes the connector, or the server behind it, before it is started
     */
    static EmbeddedServer start(ServerConfig config, ServletContextListener listener, Consumer<ServerConnector> tuning)
            throws StartException {
        var threads = new QueuedThreadPool();
        threads.setName("http");
        var server = new Server(threads);
        var connector = connector(server, config);
        tuning.accept(connector);
        server.addConnector(connector);
        server.setErrorHandler(new OciErrorHandler());
        server.setHandler(new GracefulHandler(application(listener)));
        var started = new EmbeddedServer(server, connector);
        try {
            connector.open();
        } catch (Exception e) {
            throw new StartException(
                    "cannot listen on " + config.host() + ":" + config.port() + ": " + rootMessage(e)
                            + "; choose another with --port",
                    e);
        }
        try {
            server.start();
        } catch (Exception e) {
            started.stop(Duration.ZERO);
            throw new StartException("cannot start the server: " + rootMessage(e), e);
        }
        return started;
    }

    /** The port that is really listened on, also where the configuration says 0. */
    public int port() {
        return connector.getLocalPort();
    }

    /** Returns when the server has been stopped. */
    public void join() {
        try {
            server.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Takes no new requests, lets those in flight end for at most this long, and breaks off the rest. */
    public void stop(Duration drain) {
        try {
            server.setStopTimeout(drain.toMillis());
            server.stop();
        } catch (Exception e) {
            LOG.warn("Requests were broken off: {}", rootMessage(e));
        }
    }

    private static ServletContextHandler application(ServletContextListener listener) {
        var application = new ServletContextHandler("/", ServletContextHandler.NO_SESSIONS);
        application.setErrorHandler(new OciErrorHandler());
        application.addEventListener(listener);
        return application;
    }

    private static ServerConnector connector(Server server, ServerConfig config) {
        var http = new HttpConfiguration();
        http.setSendServerVersion(false);
        http.setRequestHeaderSize(HEADER_BYTES);
        http.setResponseHeaderSize(HEADER_BYTES);
        // Refuses paths that two readers may understand differently, such as %2F and %2e; %3A is fine.
        http.setUriCompliance(UriCompliance.DEFAULT);
        var connector = new ServerConnector(server, new HttpConnectionFactory(http));
        connector.setHost(config.host());
        connector.setPort(config.port());
        connector.setAcceptQueueSize(ACCEPT_QUEUE);
        connector.setIdleTimeout(IDLE.toMillis());
        connector.setShutdownIdleTimeout(IDLE_WHILE_STOPPING.toMillis());
        return connector;
    }

    private static String rootMessage(Throwable problem) {
        var root = problem;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }
}
