package io.ociregistry.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.Layout;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import io.ociregistry.common.FileOwner;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerConfig.LogFormat;
import io.ociregistry.config.ServerConfig.LogLevel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;

/**
 * Applies the level, the format and the file of the configuration to Logback, after its logback.xml was read.
 *
 * <p>The HTTP client and Jetty log Authorization headers at debug level, so their level is always {@code WARN} or
 * higher.
 */
public final class Logging {
    private static final List<String> SENSITIVE = List.of("org.apache.hc", "org.eclipse.jetty");
    /** A name that no appender of an operator's logback.xml has, so that those appenders stay. */
    private static final String OWN = "ociregistry";

    /**
     * The loggers whose warnings ask an operator to act: an upstream that is down, refused credentials, files and
     * helpers that can't be used, images that are not loaded, a cache or a server that is full. Their warnings are
     * logged at each level.
     */
    static final List<String> FOR_OPERATORS = Stream.of(
                    "access.SharedToken",
                    "common.ReloadingFile",
                    "registry.load.Preload",
                    "standalone.jetty.IdleConnectionEvictor",
                    "store.DiskQuota",
                    "upstream.auth.CredentialPolicy",
                    "upstream.credentials.HelperCredentials",
                    "upstream.health.Breaker")
            .map(name -> "io.ociregistry." + name)
            .toList();

    /** The bits of a Unix mode that are the type of a file, and their value for a named pipe. */
    private static final int FILE_TYPE = 0170000;

    private static final int NAMED_PIPE = 0010000;

    private static volatile boolean temporaryLevel;

    private Logging() {}

    /**
     * Applies the log level, the format and, if there is one, the log file, which then gets all lines. Lines that the
     * file does not take, for example because its disk is full, go to standard error.
     *
     * @throws IOException if the file can't be written
     */
    public static void configure(ServerConfig config) throws IOException {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            configure(context, config.logLevel(), config.logFormat(), config.logFile());
            temporaryLevel = false;
        }
    }

    /** Sets the log level until {@link #configure}. */
    public static void setLevel(LogLevel level) {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            setLevel(context, level);
            temporaryLevel = true;
        }
    }

    /** Returns true if the level is not that of the configuration. */
    public static boolean isLevelTemporary() {
        return temporaryLevel;
    }

    /** Closes the log file and all appenders; for an application that ends before its process. */
    public static void close() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            context.stop();
        }
    }

    static void configure(LoggerContext context, LogLevel level, LogFormat format, Optional<Path> file)
            throws IOException {
        if (file.isPresent()) {
            checkWritable(file.get());
        }
        setLevel(context, level);
        var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        if (file.isPresent() || format == LogFormat.JSON || root.getAppender(OWN) != null) {
            var appender = file.isPresent() ? toFile(context, format, file.get()) : toConsole(context, format);
            root.detachAndStopAllAppenders();
            root.addAppender(appender);
        }
    }

    static void setLevel(LoggerContext context, LogLevel level) {
        context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.valueOf(level.name()));
        var capped = level == LogLevel.ERROR ? Level.ERROR : Level.WARN;
        SENSITIVE.forEach(name -> context.getLogger(name).setLevel(capped));
        var ofOperators = level == LogLevel.ERROR ? Level.WARN : null;
        FOR_OPERATORS.forEach(name -> context.getLogger(name).setLevel(ofOperators));
    }

    /** Makes the start fail if the file can't be written; Logback alone would only note it in its status list. */
    private static void checkWritable(Path file) throws IOException {
        if (isNamedPipe(file)) {
            throw new IOException("it is a named pipe, and the server would hang whenever no program reads it;"
                    + " name a regular file, or write the log to the console");
        }
        boolean isNew = Files.notExists(file);
        Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)
                .close();
        if (isNew) {
            // If root runs a command, the server, which runs as another user, must be able to write the file too.
            FileOwner.of(List.of(Objects.requireNonNull(file.toAbsolutePath().getParent())))
                    .changeOwner(file);
        }
    }

    /** Standard output and error of this process may be pipes; they are open already, so opening them does not hang. */
    private static boolean isNamedPipe(Path file) throws IOException {
        if (!Files.exists(file) || file.startsWith("/dev") || file.startsWith("/proc")) {
            return false;
        }
        try {
            return ((int) Files.getAttribute(file, "unix:mode") & FILE_TYPE) == NAMED_PIPE;
        } catch (UnsupportedOperationException | IllegalArgumentException notUnix) {
            return false;
        }
    }

    private static OutputStreamAppender<ILoggingEvent> toFile(LoggerContext context, LogFormat format, Path file)
            throws IOException {
        var text = new PatternLayout();
        text.setPattern(ConsoleLayout.WITH_TIME);
        var appender = new OutputStreamAppender<ILoggingEvent>();
        appender.setName(OWN);
        appender.setOutputStream(new LogFile(file, System.err));
        return started(context, appender, format == LogFormat.JSON ? new JsonLayout(false) : text);
    }

    private static OutputStreamAppender<ILoggingEvent> toConsole(LoggerContext context, LogFormat format) {
        boolean isJson = format == LogFormat.JSON;
        var appender = new ConsoleAppender<ILoggingEvent>();
        appender.setName(isJson ? OWN : "STDERR");
        appender.setTarget("System.err");
        return started(context, appender, isJson ? new JsonLayout(Journal.isStandardError()) : new ConsoleLayout());
    }

    private static OutputStreamAppender<ILoggingEvent> started(
            LoggerContext context, OutputStreamAppender<ILoggingEvent> appender, Layout<ILoggingEvent> layout) {
        layout.setContext(context);
        layout.start();
        var encoder = new LayoutWrappingEncoder<ILoggingEvent>();
        encoder.setContext(context);
        encoder.setLayout(layout);
        encoder.start();
        appender.setContext(context);
        appender.setEncoder(encoder);
        appender.start();
        return appender;
    }
}
