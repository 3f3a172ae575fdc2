package io.ociregistry.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.OutputStreamAppender;
import io.ociregistry.common.FileOwner;
import io.ociregistry.config.model.LogLevel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/**
 * Sets the level and the file that the configuration asks for, over what logback.xml set up.
 *
 * <p>The HTTP client and Jetty write Authorization headers down at debug level, so they never go below warnings,
 * whatever the level.
 */
public final class Logging {
    private static final List<String> TALKATIVE = List.of("org.apache.hc", "org.eclipse.jetty");
    /** No appender of an operator's logback.xml has this name, so that it stays. */
    private static final String FILE = "ociregistry logFile";

    private static final String PATTERN = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger - %msg%n";

    private Logging() {}

    /** Log lines go to the file from now on, if there is one, and to no other place. */
    public static void configure(LogLevel level, Optional<Path> file) throws IOException {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            configure(context, level, file);
        }
    }

    static void configure(LoggerContext context, LogLevel level, Optional<Path> file) throws IOException {
        if (file.isPresent()) {
            checkWritable(file.get());
        }
        var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.valueOf(level.name()));
        var capped = level == LogLevel.ERROR ? Level.ERROR : Level.WARN;
        TALKATIVE.forEach(name -> context.getLogger(name).setLevel(capped));
        if (file.isPresent() || root.getAppender(FILE) != null) {
            // Before the new one is opened: logback refuses to have a file open twice.
            root.detachAndStopAllAppenders();
            root.addAppender(file.isPresent() ? toFile(context, file.get()) : toConsole(context));
        }
    }

    /** logback only complains on its own status list when it can't write; we would rather not start. */
    private static void checkWritable(Path file) throws IOException {
        boolean isNew = Files.notExists(file);
        Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)
                .close();
        if (isNew) {
            // A command that root runs must not leave a file that the server, which runs as another user, can't write.
            FileOwner.of(List.of(Objects.requireNonNull(file.toAbsolutePath().getParent())))
                    .give(file);
        }
    }

    private static OutputStreamAppender<ILoggingEvent> toFile(LoggerContext context, Path file) {
        var appender = new FileAppender<ILoggingEvent>();
        appender.setName(FILE);
        appender.setFile(file.toString());
        return started(context, appender);
    }

    private static OutputStreamAppender<ILoggingEvent> toConsole(LoggerContext context) {
        var appender = new ConsoleAppender<ILoggingEvent>();
        appender.setName("STDERR");
        appender.setTarget("System.err");
        return started(context, appender);
    }

    private static OutputStreamAppender<ILoggingEvent> started(
            LoggerContext context, OutputStreamAppender<ILoggingEvent> appender) {
        var encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern(PATTERN);
        encoder.start();
        appender.setContext(context);
        appender.setEncoder(encoder);
        appender.start();
        return appender;
    }
}
