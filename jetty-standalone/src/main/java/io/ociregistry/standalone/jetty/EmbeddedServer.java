package io.ociregistry.standalone.jetty;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.web.RegistryContextListener;
import io.ociregistry.web.admin.ServerControl;
import io.ociregistry.web.api.AccessLogEntry;
import io.ociregistry.web.health.HealthChecks;
import io.ociregistry.web.health.HealthPortServlet;
import io.prometheus.metrics.exporter.servlet.jakarta.PrometheusMetricsServlet;
import jakarta.servlet.ServletContextListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.component.Graceful;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Jetty with the same listener that a WAR has, configured for slow links and hostile clients. An instance is started;
 * its owner stops it.
 */
public final class EmbeddedServer {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedServer.class);
    private final Server server;
    private final ServerConnector connector;
    private final RequestsInFlight requests;
    private final Optional<ServerTls> tls;
    private final List<SidePort> sidePorts = new ArrayList<>();

    private EmbeddedServer(
            Server server, ServerConnector connector, RequestsInFlight requests, Optional<ServerTls> tls) {
        this.server = server;
        this.connector = connector;
        this.requests = requests;
        this.tls = tls;
    }

    /** Starts a server for a registry, which the caller closes after the stop. */
    public static EmbeddedServer start(ServerConfig config, RegistryContext context) throws StartException {
        return start(config, context, ServerControl.fixed(context));
    }

    /** Starts a server for a registry, with actions of the admin API such as reload and stop. */
    public static EmbeddedServer start(ServerConfig config, RegistryContext context, ServerControl control)
            throws StartException {
        var server = start(config, new RegistryContextListener(context, control));
        try {
            server.openSidePorts(config, context);
        } catch (StartException e) {
            server.stop(Duration.ZERO);
            throw e;
        }
        new ServerMetrics(server.connector, server.requests, server.tls).register(context.metrics());
        return server;
    }

    private void openSidePorts(ServerConfig config, RegistryContext context) throws StartException {
        if (config.healthPort() != 0) {
            var servlet = new HealthPortServlet(new HealthChecks(context));
            sidePorts.add(
                    SidePort.start(config.host(), config.healthPort(), "--health", servlet, HealthChecks.paths()));
        }
        if (config.metricsPort() != 0) {
            var servlet = new PrometheusMetricsServlet(context.metrics().registry());
            sidePorts.add(SidePort.start(config.host(), config.metricsPort(), "--metrics", servlet, "/metrics"));
        }
    }

    static EmbeddedServer start(ServerConfig config, ServletContextListener listener) throws StartException {
        return start(config, listener, ServerLimits.DEFAULT, connector -> {});
    }

    /**
     * Starts a server for the servlets that the listener registers.
     *
     * @param tuning changes the connector, or its server, before the start
     */
    static EmbeddedServer start(
            ServerConfig config, ServletContextListener listener, ServerLimits limits, Consumer<ServerConnector> tuning)
            throws StartException {
        var tls = ServerTls.of(config.serverTlsConfig(), limits.reloadInterval());
        var threads = new QueuedThreadPool();
        threads.setName("http");
        var server = new Server(threads);
        var connector = Connectors.connector(server, config.host(), config.port(), limits, tls);
        server.addConnector(connector);
        server.setErrorHandler(OciErrorHandler.ofServer());
        var requests = new RequestsInFlight(new GracefulHandler(new HitHandler(application(listener), connector)));
        server.setHandler(requests);
        tuning.accept(connector);
        var started = new EmbeddedServer(server, connector, requests, tls);
        try {
            BindErrors.open(connector, "--host", "--port");
            if (config.admin().port() != 0) {
                // Plain HTTP, also if clients use TLS: by default the port is only open on this machine.
                var admin = Connectors.connector(
                        server, config.admin().host(), config.admin().port(), limits, Optional.empty());
                server.addConnector(admin);
                BindErrors.open(admin, "admin.host", "admin.port");
            }
        } catch (StartException e) {
            started.stop(Duration.ZERO);
            throw e;
        }
        try {
            server.start();
        } catch (Exception e) {
            started.stop(Duration.ZERO);
            throw new StartException("cannot start the server: " + rootMessage(e), e);
        }
        return started;
    }

    /** The actual port, also if the configuration has 0. */
    public int port() {
        return connector.getLocalPort();
    }

    /** The TLS of the port for clients; empty if it is plain HTTP. */
    public Optional<ServerTls> tls() {
        return tls;
    }

    /** Returns when the server has been stopped. */
    public void join() {
        try {
            server.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns the requests that are not answered yet, each with its method and its path. */
    public List<String> requestsInFlight() {
        return requests.descriptions();
    }

    /**
     * Refuses new requests, waits at most this long for requests in flight, and aborts the rest.
     *
     * @return the aborted requests
     */
    public List<String> stop(Duration drain) {
        tls.ifPresent(ServerTls::close);
        drain(drain);
        var aborted = requests.descriptions();
        try {
            server.setStopTimeout(0);
            server.stop();
        } catch (Exception e) {
            LOG.warn("the server did not stop in order: {}", rootMessage(e));
        }
        // Aborted requests may have ended after the stop of the servlets.
        AccessLogEntry.closeLog();
        // Last, so that probes and scrapes see the server until it has stopped.
        sidePorts.forEach(SidePort::stop);
        return aborted;
    }

    private void drain(Duration limit) {
        if (limit.isZero()) {
            return;
        }
        try {
            // Closes the port and refuses new requests. The stage also waits for connections without a request.
            var unused = Graceful.shutdown(server);
            if (!requests.awaitNone(limit)) {
                LOG.debug("requests are in flight after {} s", limit.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static ServletContextHandler application(ServletContextListener listener) {
        var application = new ServletContextHandler("/", ServletContextHandler.NO_SESSIONS);
        application.setErrorHandler(OciErrorHandler.ofApplication());
        application.addEventListener(listener);
        return application;
    }

    private static String rootMessage(Throwable failure) {
        var root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }
}
