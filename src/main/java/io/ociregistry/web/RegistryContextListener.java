package io.ociregistry.web;

import io.ociregistry.common.UnusableFileException;
import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.ConfigLocation;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.model.ServerTlsConfig;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.logging.Logging;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.web.admin.AdminApiServlet;
import io.ociregistry.web.admin.AdminPortFilter;
import io.ociregistry.web.admin.AdminServlet;
import io.ociregistry.web.admin.Reload;
import io.ociregistry.web.admin.ServerControl;
import io.ociregistry.web.http.AccessLogFilter;
import io.ociregistry.web.send.BodyWriterContext;
import io.ociregistry.web.send.MinimumRate;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.Servlet;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the registry with the web application and closes it again, and registers every servlet and filter: the one routing table, whatever
 * the container.
 */
public final class RegistryContextListener implements ServletContextListener {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryContextListener.class);
    private static final String DISTRIBUTION = "distribution";
    private static final String CONFIG = "ociregistry.config";

    private final @Nullable RegistryContext given;
    private final MinimumRate least;
    private final @Nullable ServerControl givenControl;
    private @Nullable RegistryContext opened;
    private @Nullable BodyWriterContext delivery;

    /** For a WAR: finds its configuration, opens the registry and closes it. */
    public RegistryContextListener() {
        this.given = null;
        this.least = MinimumRate.DEFAULT;
        this.givenControl = null;
    }

    /** For an embedded server: serves a registry that somebody else opened and will close. */
    public RegistryContextListener(RegistryContext context, ServerControl control) {
        this(context, control, MinimumRate.DEFAULT);
    }

    /** The same with another rule for slow clients. */
    public RegistryContextListener(RegistryContext context, ServerControl control, MinimumRate least) {
        this.given = context;
        this.givenControl = control;
        this.least = least;
    }

    @Override
    public void contextInitialized(ServletContextEvent event) {
        ServletContext servlets = event.getServletContext();
        RegistryContext context = given != null ? given : open(servlets);
        BodyWriterContext started = new BodyWriterContext(context.delivery(), least);
        started.start();
        delivery = started;
        addFilter(servlets, "access log", new AccessLogFilter(), EnumSet.of(DispatcherType.REQUEST));
        ErrorFilter errors =
                new ErrorFilter(new ErrorRenderer(() -> context.config().rateLimitStatus()), started);
        addFilter(servlets, "errors", errors, EnumSet.of(DispatcherType.REQUEST, DispatcherType.ASYNC));
        addServlet(servlets, DISTRIBUTION, new DistributionServlet(context), "/v2/*");
        ServerControl control = givenControl != null ? givenControl : control(context, servlets);
        control.adminPort().ifPresent(port -> guard(servlets, "admin port", new AdminPortFilter(port)));
        if (!context.clients().isOpen()) {
            guard(servlets, "client access", new ClientAccessFilter(context.clients()));
        }
        addServlet(servlets, "admin API", new AdminApiServlet(context, control), "/cmd/*");
        addServlet(servlets, "admin", new AdminServlet(context), "/livez", "/readyz", "/health");
    }

    @Override
    public void contextDestroyed(ServletContextEvent event) {
        if (delivery != null) {
            delivery.close();
        }
        if (opened != null) {
            opened.close();
        }
    }

    private RegistryContext open(ServletContext servlets) {
        try {
            ConfigLoader.Result result = load(servlets);
            Logging.configure(result.config().logLevel(), result.config().logFile());
            result.warnings().forEach(LOG::warn);
            warnOfTls(result.config());
            warnOfAdminPort(result.config());
            RegistryContext context = RegistryContext.open(result.config());
            opened = context;
            context.warning().ifPresent(LOG::warn);
            preload(context);
            context.scrub();
            return context;
        } catch (ConfigException | IOException | UnusableFileException e) {
            // Any exception makes the container refuse the application; this text is what its log shows.
            throw new IllegalStateException("ociregistry can't start: " + e.getMessage(), e);
        }
    }

    private static void warnOfTls(ServerConfig config) {
        if (!config.serverTlsConfig().equals(ServerTlsConfig.NONE)) {
            LOG.warn("serverTlsConfig has no effect in a WAR; configure TLS in the container's connector");
        }
    }

    private static void preload(RegistryContext context) throws IOException {
        try {
            context.preload();
        } catch (IOException e) {
            context.close();
            throw new IOException("preloadImages: " + e.getMessage(), e);
        }
    }

    private static void warnOfAdminPort(ServerConfig config) {
        if (config.admin().port() != 0) {
            LOG.warn("admin.port has no effect in a WAR: every port of the container has the admin API;"
                    + " to close it, set admin.enabled: false");
        }
    }

    /** A container has its ports, and its end, to itself. */
    private static ServerControl control(RegistryContext context, ServletContext servlets) {
        return new ServerControl(new Reload(context, () -> load(servlets)), Optional.empty(), OptionalInt.empty());
    }

    private static ConfigLoader.Result load(ServletContext servlets) throws ConfigException {
        Optional<String> told = Optional.ofNullable(servlets.getInitParameter(CONFIG));
        return ConfigLocation.ofThisProcess().load("the context parameter " + CONFIG, told, Overrides.none());
    }

    /** Everything is asynchronous: one servlet or filter that is not would make startAsync fail in all. */
    private static void addFilter(
            ServletContext servlets, String name, Filter filter, EnumSet<DispatcherType> dispatches) {
        var registration = servlets.addFilter(name, filter);
        registration.setAsyncSupported(true);
        registration.addMappingForUrlPatterns(dispatches, true, "/*");
    }

    /** In front of the servlet itself, so that no path leads around it. */
    private static void guard(ServletContext servlets, String name, Filter filter) {
        var registration = servlets.addFilter(name, filter);
        registration.setAsyncSupported(true);
        registration.addMappingForServletNames(
                EnumSet.of(DispatcherType.REQUEST, DispatcherType.ASYNC), true, DISTRIBUTION);
    }

    private static void addServlet(ServletContext servlets, String name, Servlet servlet, String... patterns) {
        var registration = servlets.addServlet(name, servlet);
        registration.setAsyncSupported(true);
        registration.addMapping(patterns);
    }
}
