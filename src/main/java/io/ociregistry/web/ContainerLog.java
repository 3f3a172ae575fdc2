package io.ociregistry.web;

import io.ociregistry.common.BuildInfo;
import io.ociregistry.config.ConfigLocation;
import io.ociregistry.registry.RegistryContext;
import jakarta.servlet.ServletContext;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The main log of the servlet container, for the few messages that an operator must see at any {@code logLevel} and
 * {@code logFile}.
 *
 * <p>Containers show {@code java.util.logging} there: Tomcat in its {@code catalina} log and on the console, Jetty on
 * the console. {@link ServletContext#log} is not enough, because Tomcat writes it to another file.
 */
final class ContainerLog {
    /** A strong reference: the log manager forgets a logger that nothing else refers to. */
    private static final Logger LOG = Logger.getLogger("io.ociregistry");

    private static final String DOCUMENTATION = "/META-INF/docs";

    private ContainerLog() {}

    static void error(String message) {
        LOG.log(Level.SEVERE, message);
    }

    static void warn(String message) {
        LOG.log(Level.WARNING, message);
    }

    /** Logs what runs, and with which files. */
    static void banner(RegistryContext context, Optional<Path> configuration, ServletContext servlets) {
        LOG.log(
                Level.INFO,
                String.join(
                        System.lineSeparator() + "  ",
                        "ociregistry " + BuildInfo.read().version() + " is started",
                        "Context path: " + servlets.getContextPath() + "/",
                        "Configuration: "
                                + configuration
                                        .map(Path::toString)
                                        .orElse("none, all keys have their defaults; name a file with "
                                                + ConfigLocation.VARIABLE + " or -D" + ConfigLocation.PROPERTY),
                        "Cache: " + context.config().imagePath().toAbsolutePath()
                                + (context.config().airGapped() ? ", air-gapped" : ""),
                        "Admin API: " + context.admin().token().description(),
                        "Log level: " + context.config().logLevel().name().toLowerCase(Locale.ROOT)
                                + context.config()
                                        .logFile()
                                        .map(file -> ", to " + file)
                                        .orElse(""),
                        "Documentation: "
                                + Optional.ofNullable(servlets.getRealPath(DOCUMENTATION))
                                        .orElse(DOCUMENTATION + " in the WAR")));
    }
}
