package io.ociregistry.web;

import io.ociregistry.common.UnusableFileException;
import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.ConfigLocation;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.model.ServerTlsConfig;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.logging.Logging;
import io.ociregistry.registry.ConfigCheck;
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
 * Registers every servlet and filter, for every container; in a WAR, opens and closes the registry with the
 * application.
 */
public final class RegistryContextListener implements ServletContextListener {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryContextListener.class);
    private static final String DISTRIBUTION = "distribution";
    private static final String CONFIG = "ociregistry.config";

    private final @Nullable RegistryContext given;
    private final MinimumRate minimumRate;
    private final @Nullable ServerControl givenControl;
    private @Nullable RegistryContext opened;
    private @Nullable BodyWriterContext writerContext;

    /** Used by containers for a WAR: loads the configuration, opens the registry and closes it. */
    public RegistryContextListener() {
        this.given = null;
        this.minimumRate = MinimumRate.DEFAULT;
        this.givenControl = null;
    }

    /** Used by an embedded server: serves a registry that the caller opened and closes. */
    public RegistryContextListener(RegistryContext context, ServerControl control) {
        this(context, control, MinimumRate.DEFAULT);
    }

    /** Used by an embedded server with another limit for slow clients. */
    public RegistryContextListener(RegistryContext context, ServerControl control, MinimumRate minimumRate) {
        this.given = context;
        this.givenControl = control;
        this.minimumRate = minimumRate;
    }

    @Override
    public void contextInitialized(ServletContextEvent event) {
        ServletContext servlets = event.getServletContext();
        RegistryContext context = given != null ? given : open(servlets);
        BodyWriterContext started = new BodyWriterContext(context.bodyExecutor(), minimumRate);
        started.start();
        writerContext = started;
        addFilter(servlets, "access log", new AccessLogFilter(), EnumSet.of(DispatcherType.REQUEST));
        ErrorFilter errors =
                new ErrorFilter(new ErrorRenderer(() -> context.config().rateLimitStatus()), started);
        addFilter(servlets, "errors", errors, EnumSet.of(DispatcherType.REQUEST, DispatcherType.ASYNC));
        addServlet(servlets, DISTRIBUTION, new DistributionServlet(context), "/v2/*");
        ServerControl control = givenControl != null ? givenControl : control(context, servlets);
        control.adminPort().ifPresent(port -> guard(servlets, "admin port", new AdminPortFilter(port)));
        if (!context.clientAccess().allowsAnonymous()) {
            guard(servlets, "client access", new ClientAccessFilter(context.clientAccess()));
        }
        addServlet(servlets, "admin API", new AdminApiServlet(context, control), "/cmd/*");
        addServlet(servlets, "admin", new AdminServlet(context), "/livez", "/readyz", "/health");
    }

    @Override
    public void contextDestroyed(ServletContextEvent event) {
        if (writerContext != null) {
            writerContext.close();
        }
        if (opened != null) {
            opened.close();
        }
    }

    private RegistryContext open(ServletContext servlets) {
        try {
            ConfigLoader.Result result = load(servlets);
            Logging.configure(result.config().logLevel(), result.config().logFile());
            ConfigCheck.warnings(result).forEach(LOG::warn);
            warnOfTls(result.config());
            warnOfAdminPort(result.config());
            RegistryContext context = RegistryContext.open(result.config());
            opened = context;
            context.startupWarning().ifPresent(LOG::warn);
            context.startPreload();
            context.startScrub();
            return context;
        } catch (ConfigException | IOException | UnusableFileException e) {
            // Any exception makes the container refuse the application, and its log shows this text.
            throw new IllegalStateException("ociregistry can't start: " + e.getMessage(), e);
        }
    }

    private static void warnOfTls(ServerConfig config) {
        if (!config.serverTlsConfig().equals(ServerTlsConfig.NONE)) {
            LOG.warn("serverTlsConfig has no effect in a WAR; configure TLS in the connector of the container");
        }
    }

    private static void warnOfAdminPort(ServerConfig config) {
        if (config.admin().port() != 0) {
            LOG.warn("admin.port has no effect in a WAR: every port of the container serves the admin API;"
                    + " to disable the API, set admin.enabled: false");
        }
    }

    /** In a container, the container controls the ports and the stop. */
    private static ServerControl control(RegistryContext context, ServletContext servlets) {
        return new ServerControl(new Reload(context, () -> load(servlets)), Optional.empty(), OptionalInt.empty());
    }

    private static ConfigLoader.Result load(ServletContext servlets) throws ConfigException {
        Optional<String> location = Optional.ofNullable(servlets.getInitParameter(CONFIG));
        return ConfigLocation.ofThisProcess().load("the context parameter " + CONFIG, location, Overrides.none());
    }

    /**
     * Registers with asynchronous support; one servlet or filter without it makes startAsync fail for every request.
     */
    private static void addFilter(
            ServletContext servlets, String name, Filter filter, EnumSet<DispatcherType> dispatches) {
        var registration = servlets.addFilter(name, filter);
        registration.setAsyncSupported(true);
        registration.addMappingForUrlPatterns(dispatches, true, "/*");
    }

    /** Maps the filter to the servlet and not to a path, so that no spelling of a path bypasses the filter. */
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
