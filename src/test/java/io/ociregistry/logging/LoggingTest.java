package io.ociregistry.logging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.status.Status;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ociregistry.config.ServerConfig.LogFormat;
import io.ociregistry.config.ServerConfig.LogLevel;
import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoggingTest {
    private final LoggerContext context = new LoggerContext();

    LoggingTest() {
        context.setMDCAdapter(new LogbackMDCAdapter());
    }

    @TempDir
    Path dir;

    @AfterEach
    void stop() {
        context.stop();
    }

    @ParameterizedTest
    @EnumSource(LogLevel.class)
    void loggersOfAuthorizationHeadersStayAtWarn(LogLevel level) throws Exception {
        Logging.configure(context, level, LogFormat.TEXT, Optional.empty());
        assertEquals(
                Level.valueOf(level.name()), context.getLogger("io.ociregistry").getEffectiveLevel());
        for (var name : new String[] {"org.apache.hc.client5.http.headers", "org.eclipse.jetty.server"}) {
            assertFalse(context.getLogger(name).isInfoEnabled());
            assertEquals(level != LogLevel.ERROR, context.getLogger(name).isWarnEnabled());
        }
    }

    @Test
    void fileGetsLinesOfConfiguredLevel() throws Exception {
        var file = dir.resolve("log");
        Logging.configure(context, LogLevel.INFO, LogFormat.TEXT, Optional.of(file));
        context.getLogger("io.ociregistry.access").info("GET /v2/ 200");
        context.getLogger("io.ociregistry.x").debug("nothing");
        var lines = Files.readAllLines(file);
        assertEquals(1, lines.size(), () -> context.getStatusManager()
                .getCopyOfStatusList()
                .toString());
        assertTrue(lines.get(0).matches("20\\S+ INFO {2}io\\.ociregistry\\.access - GET /v2/ 200"), lines.get(0));
    }

    @Test
    void linesGoToStandardErrorWhileDiskOfFileIsFull() throws Exception {
        assumeTrue(Files.exists(Path.of("/dev/full")));
        var console = new ByteArrayOutputStream();
        var kept = new ByteArrayOutputStream();
        var disk = new SwitchedStream(new FileOutputStream("/dev/full"));
        try (var file = new LogFile(Path.of("the.log"), disk, new PrintStream(console, true, UTF_8))) {
            file.write("one\n".getBytes(UTF_8));
            file.write("two\n".getBytes(UTF_8));
            disk.target = kept;
            file.write("three\n".getBytes(UTF_8));
        }
        assertEquals("""
            ociregistry: warning: the log file the.log can't be written (No space left on device); its lines go to \
            standard error until it can
            one
            two
            ociregistry: warning: the log file the.log can be written again
            """, console.toString(UTF_8));
        assertEquals("three\n", kept.toString(UTF_8));
    }

    private static final class SwitchedStream extends OutputStream {
        private OutputStream target;

        SwitchedStream(OutputStream target) {
            this.target = target;
        }

        @Override
        public void write(int octet) throws IOException {
            target.write(octet);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            target.write(bytes, offset, length);
        }
    }

    @Test
    void linesForJournalHavePriorityAndNoTime() {
        var layout = new ConsoleLayout(true);
        layout.setContext(context);
        layout.start();
        var logger = context.getLogger("io.ociregistry.x");
        var event = new LoggingEvent("x", logger, Level.WARN, "first\nsecond", null, null);
        assertEquals("<4>WARN  io.ociregistry.x - first\n<4>second\n", layout.doLayout(event));
        var error = new LoggingEvent("x", logger, Level.ERROR, "bad", null, null);
        assertEquals("<3>ERROR io.ociregistry.x - bad\n", layout.doLayout(error));
    }

    @Test
    void onlyTheStreamOfSystemdIsTheJournal() throws Exception {
        var stream = Files.writeString(dir.resolve("stream"), "");
        var name = Files.getAttribute(stream, "unix:dev") + ":" + Files.getAttribute(stream, "unix:ino");
        assertTrue(Journal.isJournal(stream, name));
        assertFalse(Journal.isJournal(dir, name));
        assertFalse(Journal.isJournal(stream, null));
    }

    @Test
    void newFileBelongsToTheOwnerOfItsDirectory() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")));
        Files.setAttribute(dir, "unix:uid", 54_321);
        var file = dir.resolve("log");
        Logging.configure(context, LogLevel.INFO, LogFormat.TEXT, Optional.of(file));
        assertEquals(54_321, Files.getAttribute(file, "unix:uid"));
    }

    @Test
    void truncatedFileStartsAgain() throws Exception {
        var file = dir.resolve("log");
        Logging.configure(context, LogLevel.INFO, LogFormat.TEXT, Optional.of(file));
        context.getLogger("io.ociregistry.x").info("one");
        Files.write(file, new byte[0]);
        context.getLogger("io.ociregistry.x").info("two");
        var text = Files.readString(file);
        assertTrue(text.endsWith(" INFO  io.ociregistry.x - two\n") && !text.contains("\0"), text);
    }

    @Test
    void jsonLineHasTheFieldsOfTheEvent() throws Exception {
        var file = dir.resolve("log");
        Logging.configure(context, LogLevel.INFO, LogFormat.JSON, Optional.of(file));
        context.getLogger("io.ociregistry.x")
                .atWarn()
                .addKeyValue("status", 404)
                .setCause(new IOException("lost"))
                .log("a \"line\"\nand {}", "more");
        context.getLogger("io.ociregistry.x").info("plain");
        var lines = Files.readAllLines(file);
        assertEquals(2, lines.size());
        var first = new ObjectMapper().readTree(lines.get(0));
        Instant.parse(first.path("time").asText());
        assertEquals("warn", first.path("level").asText());
        assertEquals("io.ociregistry.x", first.path("logger").asText());
        assertEquals("a \"line\"\nand more", first.path("message").asText());
        assertEquals(404, first.path("status").asInt());
        assertTrue(first.path("error").asText().startsWith("java.io.IOException: lost"), lines.get(0));
        assertEquals(
                "plain",
                new ObjectMapper().readTree(lines.get(1)).path("message").asText());
    }

    @Test
    void consoleIsTextAgainAfterJson() throws Exception {
        var root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        Logging.configure(context, LogLevel.INFO, LogFormat.JSON, Optional.empty());
        assertNotNull(root.getAppender("ociregistry"));
        Logging.configure(context, LogLevel.INFO, LogFormat.TEXT, Optional.empty());
        assertNotNull(root.getAppender("STDERR"));
    }

    @ParameterizedTest
    @EnumSource(LogLevel.class)
    void warningsForOperatorsAreLoggedAtEachLevel(LogLevel level) throws Exception {
        Logging.configure(context, level, LogFormat.TEXT, Optional.empty());
        for (var name : Logging.FOR_OPERATORS) {
            assertTrue(context.getLogger(name).isWarnEnabled(), name);
            assertEquals(level == LogLevel.DEBUG, context.getLogger(name).isDebugEnabled(), name);
            Class.forName(name);
        }
        assertEquals(
                level != LogLevel.ERROR, context.getLogger("io.ociregistry.x").isWarnEnabled());
    }

    @Test
    void movedFileIsOpenedAgain() throws Exception {
        var file = dir.resolve("log");
        Logging.configure(context, LogLevel.INFO, LogFormat.TEXT, Optional.of(file));
        context.getLogger("io.ociregistry.x").info("one");
        Files.move(file, dir.resolve("log.1"));
        Logging.configure(context, LogLevel.INFO, LogFormat.TEXT, Optional.of(file));
        context.getLogger("io.ociregistry.x").info("two");
        assertTrue(Files.readString(dir.resolve("log.1")).contains("one"));
        assertTrue(Files.readString(file).contains("two"));
    }

    @Test
    void linesGoToConsoleAfterFileIsRemoved() throws Exception {
        var file = dir.resolve("log");
        Logging.configure(context, LogLevel.INFO, LogFormat.TEXT, Optional.of(file));
        Logging.configure(context, LogLevel.INFO, LogFormat.TEXT, Optional.empty());
        var root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        assertNotNull(root.getAppender("STDERR"));
        root.iteratorForAppenders().forEachRemaining(appender -> assertEquals("STDERR", appender.getName()));
    }

    @Test
    void unwritableFileFailsAndChangesNothing() {
        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).setLevel(Level.WARN);
        assertThrows(
                IOException.class,
                () -> Logging.configure(context, LogLevel.INFO, LogFormat.TEXT, Optional.of(dir.resolve("none/log"))));
        assertEquals(Level.WARN, context.getLogger("io.ociregistry.x").getEffectiveLevel());
    }

    @Test
    void rollingFileOfTheShippedLogbackXmlStaysWithoutALogFile() throws Exception {
        var file = dir.resolve("log");
        configureBy("conf/logback.xml", file);
        Logging.configure(context, LogLevel.INFO, LogFormat.TEXT, Optional.empty());
        context.getLogger("io.ociregistry.x").info("a line");
        assertEquals(1, Files.readAllLines(file).size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"src/main/resources/logback.xml", "conf/logback.xml"})
    void shippedFilesAreValidAndLimitSensitiveLoggers(String file) throws Exception {
        context.putProperty("ociregistry.log.level", "debug");
        configureBy(file, dir.resolve("log"));
        var problems = context.getStatusManager().getCopyOfStatusList().stream()
                .filter(status -> status.getEffectiveLevel() >= Status.WARN)
                .toList();
        assertTrue(problems.isEmpty(), problems.toString());
        assertTrue(context.getLogger("io.ociregistry.access").isInfoEnabled());
        assertFalse(context.getLogger("org.apache.hc.client5.http.wire").isInfoEnabled());
        assertFalse(context.getLogger("org.eclipse.jetty.http").isInfoEnabled());
    }

    private void configureBy(String logbackXml, Path log) throws Exception {
        context.putProperty("ociregistry.log.file", log.toString());
        var configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(logbackXml);
    }
}
