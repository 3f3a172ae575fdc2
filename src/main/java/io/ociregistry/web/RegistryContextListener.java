package io.ociregistry.web;

import io.ociregistry.common.UnusableFileException;
import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.ConfigLocation;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.model.ServerTlsConfig;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.logging.Logging;
import io.ociregistry.metrics.HttpMetrics.Kind;
import io.ociregistry.registry.ConfigCheck;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.web.admin.AdminAccess;
import io.ociregistry.web.admin.AdminApiServlet;
import io.ociregistry.web.admin.AdminPortFilter;
import io.ociregistry.web.admin.MetricsServlet;
import io.ociregistry.web.admin.Reload;
import io.ociregistry.web.admin.ServerControl;
import io.ociregistry.web.api.AccessLogEntry;
import io.ociregistry.web.api.AnswerCounter;
import io.ociregistry.web.api.DistributionApi;
import io.ociregistry.web.api.ErrorAnswers;
import io.ociregistry.web.health.HealthChecks;
import io.ociregistry.web.health.HealthServlet;
import io.ociregistry.web.send.AccessLogFilter;
import io.ociregistry.web.send.BodySender;
import io.ociregistry.web.send.BodyWriterContext;
import io.ociregistry.web.send.MinimumRate;
import io.ociregistry.web.send.TrustedProxies;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.Servlet;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Registers every servlet and filter, for every container; in a WAR, opens and closes the registry with the
 * application.
 *
 * <p>The {@link DistributionApi} and the {@link BodyWriterContext} are attributes of the application, by their class
 * names, so that an embedded server can send hits without servlets (ADR 39).
 */
public final class RegistryContextListener implements ServletContextListener {
    private static final String DISTRIBUTION = "distribution";
    private static final String HOSTS = "hosts.toml";
    private static final String PARAMETER = "the context parameter " + ConfigLocation.PROPERTY;

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
        context.traffic().start();
        BodyWriterContext started = new BodyWriterContext(
                context.bodyExecutor(), minimumRate, context.metrics().http());
        started.start();
        writerContext = started;
        ErrorAnswers errors = new ErrorAnswers(() -> context.config().rateLimitStatus());
        BodySender sender = new BodySender(started, errors);
        TrustedProxies proxies = new TrustedProxies(context::trustedProxies);
        addFilter(servlets, "access log", new AccessLogFilter(proxies));
        DistributionApi api = new DistributionApi(context, errors);
        servlets.setAttribute(DistributionApi.class.getName(), api);
        servlets.setAttribute(BodyWriterContext.class.getName(), started);
        servlets.setAttribute(TrustedProxies.class.getName(), proxies);
        addServlet(servlets, DISTRIBUTION, new DistributionServlet(api, sender), "/v2/*");
        ServerControl control = givenControl != null ? givenControl : control(context, servlets);
        control.adminPort().ifPresent(port -> guard(servlets, "admin port", new AdminPortFilter(port, sender)));
        AdminAccess access =
                new AdminAccess(context.config().admin(), context.admin().token(), control.adminPort());
        AnswerCounter counter = new AnswerCounter(context.metrics(), errors);
        HealthChecks checks = new HealthChecks(context);
        addServlet(servlets, "admin API", new AdminApiServlet(context, control, access, sender, errors), "/cmd/*");
        addServlet(servlets, "metrics", new MetricsServlet(context.metrics(), access, sender), "/metrics");
        addServlet(
                servlets,
                "health",
                new HealthServlet(
                        counter.counted(Kind.ADMIN, head -> CompletableFuture.completedStage(checks.answer(head))),
                        sender),
                HealthChecks.paths());
        addServlet(servlets, HOSTS, new HostsServlet(sender), "/hosts.toml");
        addServlet(servlets, "status page", new StatusPageServlet(counter, sender), StatusPageServlet.patterns());
        addServlet(servlets, "unknown path", new UnknownPathServlet(counter, sender), "/");
    }

    @Override
    public void contextDestroyed(ServletContextEvent event) {
        if (writerContext != null) {
            writerContext.close();
        }
        AccessLogEntry.closeLog();
        if (given == null) {
            closeOpened();
        }
    }

    private void closeOpened() {
        if (opened != null) {
            opened.close();
        }
        Logging.close();
    }

    private RegistryContext open(ServletContext servlets) {
        startTimerThread();
        try {
            ConfigLoader.Result result = load(servlets);
            Logging.configure(result.config());
            ConfigCheck.warnings(result).forEach(ContainerLog::warn);
            warnOfTls(result.config());
            warnOfPorts(result.config());
            RegistryContext context = RegistryContext.open(result.config());
            opened = context;
            context.startupWarning().ifPresent(ContainerLog::warn);
            context.startPreload();
            context.startScrub();
            ContainerLog.banner(context, find(servlets), servlets);
            return context;
        } catch (ConfigException e) {
            throw refuse("the configuration can't be used:" + System.lineSeparator() + e.getMessage());
        } catch (IOException | UnusableFileException e) {
            throw refuse(e.getMessage());
        }
    }

    /** Logs the reason once; the container adds only that the application failed. */
    private RuntimeException refuse(@Nullable String reason) {
        closeOpened();
        ContainerLog.error("ociregistry can't start: " + reason);
        return new StartRefused();
    }

    /** Makes the container refuse the application. Without a stack trace, because its cause is not in the code. */
    private static final class StartRefused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        StartRefused() {
            super("ociregistry can't start; the main log of this container has the reason", null, false, false);
        }
    }

    /**
     * Starts the thread that the JDK uses for all timeouts of {@link CompletableFuture}. It outlives the application,
     * and would keep the class loader of the application if a request started it.
     */
    private static void startTimerThread() {
        Thread current = Thread.currentThread();
        ClassLoader application = current.getContextClassLoader();
        current.setContextClassLoader(ClassLoader.getSystemClassLoader());
        try {
            new CompletableFuture<Void>().completeOnTimeout(null, 0, TimeUnit.MILLISECONDS);
        } finally {
            current.setContextClassLoader(application);
        }
    }

    private static void warnOfTls(ServerConfig config) {
        if (!config.serverTlsConfig().equals(ServerTlsConfig.NONE)) {
            ContainerLog.warn(
                    "serverTlsConfig has no effect in a WAR; configure TLS in the connector of the container");
        }
    }

    private static void warnOfPorts(ServerConfig config) {
        for (Key<Integer> key : List.of(ServerKeys.HEALTH, ServerKeys.METRICS)) {
            if (config.get(key) != 0) {
                ContainerLog.warn(key + " has no effect in a WAR, because the container opens the ports: use /"
                        + (key == ServerKeys.METRICS ? "metrics" : "readyz") + " on the port of the container");
            }
        }
        if (config.admin().port() != 0) {
            ContainerLog.warn("admin.port has no effect in a WAR: every port of the container serves the admin API;"
                    + " to disable the API, set admin.enabled: false");
        }
    }

    /** In a container, the container controls the ports and the stop. */
    private static ServerControl control(RegistryContext context, ServletContext servlets) {
        return new ServerControl(new Reload(context, () -> load(servlets)), Optional.empty(), OptionalInt.empty());
    }

    private static ConfigLoader.Result load(ServletContext servlets) throws ConfigException {
        return ConfigLocation.ofThisProcess().load(PARAMETER, parameter(servlets), Overrides.none());
    }

    private static Optional<Path> find(ServletContext servlets) throws ConfigException {
        return ConfigLocation.ofThisProcess().find(PARAMETER, parameter(servlets));
    }

    private static Optional<String> parameter(ServletContext servlets) {
        return Optional.ofNullable(servlets.getInitParameter(ConfigLocation.PROPERTY));
    }

    /**
     * Registers with asynchronous support; one servlet or filter without it makes startAsync fail for every request.
     */
    private static void addFilter(ServletContext servlets, String name, Filter filter) {
        var registration = servlets.addFilter(name, filter);
        registration.setAsyncSupported(true);
        registration.addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), true, "/*");
    }

    /** Maps the filter to the servlets and not to paths, so that no spelling of a path bypasses the filter. */
    private static void guard(ServletContext servlets, String name, Filter filter) {
        var registration = servlets.addFilter(name, filter);
        registration.setAsyncSupported(true);
        registration.addMappingForServletNames(EnumSet.of(DispatcherType.REQUEST), true, DISTRIBUTION, HOSTS);
    }

    private static void addServlet(ServletContext servlets, String name, Servlet servlet, String... patterns) {
        var registration = servlets.addServlet(name, servlet);
        registration.setAsyncSupported(true);
        registration.addMapping(patterns);
    }
}
