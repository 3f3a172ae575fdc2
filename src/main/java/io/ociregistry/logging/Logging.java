package io.ociregistry.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.FileAppender;
import io.ociregistry.config.LogLevel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
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
    private static final String PATTERN = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger - %msg%n";

    private Logging() {}

    /** Log lines go to the file from now on, if there is one, and to no other place. */
    public static void configure(LogLevel level, Optional<Path> file) throws IOException {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            configure(context, level, file);
        }
    }

    static void configure(LoggerContext context, LogLevel level, Optional<Path> file) throws IOException {
        var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.valueOf(level.name()));
        var capped = level == LogLevel.ERROR ? Level.ERROR : Level.WARN;
        TALKATIVE.forEach(name -> context.getLogger(name).setLevel(capped));
        if (file.isPresent()) {
            var appender = appender(context, file.get());
            root.detachAndStopAllAppenders();
            root.addAppender(appender);
        }
    }

    private static FileAppender<ILoggingEvent> appender(LoggerContext context, Path file) throws IOException {
        // logback only complains on its own status list when it can't write; we would rather not start.
        Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)
                .close();
        var encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern(PATTERN);
        encoder.start();
        var appender = new FileAppender<ILoggingEvent>();
        appender.setContext(context);
        appender.setName("FILE");
        appender.setFile(file.toString());
        appender.setEncoder(encoder);
        appender.start();
        return appender;
    }
}
