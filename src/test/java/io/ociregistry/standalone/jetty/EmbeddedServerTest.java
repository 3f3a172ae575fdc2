package io.ociregistry.standalone.jetty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ConfigLocation;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.testing.LogLines;
import io.ociregistry.web.RegistryContextListener;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class EmbeddedServerTest {
    private static final ServerConfig LOOPBACK =
            ServerConfig.defaults().with(ServerKeys.HOST, "127.0.0.1").with(ServerKeys.PORT, 0);

    private final Waiting waiting = new Waiting();
    private EmbeddedServer server;

    /** Registers servlets as RegistryContextListener does. */
    private final class Registering implements ServletContextListener {
        @Override
        public void contextInitialized(ServletContextEvent event) {
            var context = event.getServletContext();
            var echo = context.addServlet("echo", new Echo());
            echo.setAsyncSupported(true);
            echo.addMapping("/v2/*");
            var wait = context.addServlet("wait", waiting);
            wait.setAsyncSupported(true);
            wait.addMapping("/wait");
        }
    }

    private static final class Echo extends HttpServlet {
        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.getOutputStream().print(request.getPathInfo());
        }
    }

    /** Answers when the test allows it, and uses no thread until then. */
    private static final class Waiting extends HttpServlet {
        final CountDownLatch arrived = new CountDownLatch(1);
        final CompletableFuture<Void> answer = new CompletableFuture<>();

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) {
            AsyncContext async = request.startAsync();
            async.setTimeout(0);
            var unused = answer.thenRun(() -> {
                try {
                    response.getOutputStream().print("at last");
                    async.complete();
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            arrived.countDown();
        }
    }

    @BeforeEach
    void start() throws Exception {
        server = EmbeddedServer.start(LOOPBACK, new Registering());
    }

    @AfterEach
    void stop() {
        server.stop(Duration.ZERO);
    }

    @Test
    void listenerMayRegisterServlets() throws Exception {
        var answer = send("GET /v2/a/blobs/sha256%3Aab HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\n"), answer);
        assertTrue(answer.endsWith("/a/blobs/sha256:ab"), answer);
        assertFalse(answer.contains("Server:"), answer);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET /v2/a%2Fb/manifests/x HTTP/1.1 | 400 | UNSUPPORTED",
                "GET /v2/%2e%2e/x HTTP/1.1          | 400 | UNSUPPORTED",
                "GET /v2/%zz HTTP/1.1               | 400 | UNSUPPORTED",
                "GET /v2/..;/x HTTP/1.1             | 400 | UNSUPPORTED",
                "GET /v2/a%00b HTTP/1.1             | 400 | UNSUPPORTED",
                "GET /../x HTTP/1.1                 | 400 | UNSUPPORTED",
                "GET /elsewhere HTTP/1.1            | 404 | UNSUPPORTED",
                "GET /v2/ HTTP/9.9                  | 505 | UNKNOWN",
                "no request at all                  | 400 | UNSUPPORTED",
                "POST /v2/ HTTP/1.1                 | 405 | UNSUPPORTED",
            })
    void requestRejectedByContainerIsOciError(String line, int status, String code) throws Exception {
        assertOciError(send(line + "\r\nHost: x\r\nConnection: close\r\n\r\n"), status, code);
    }

    @Test
    void overlongUrlOrHeaderIsOciError() throws Exception {
        var address = "GET /v2/" + "a".repeat(70_000) + " HTTP/1.1\r\nHost: x\r\n\r\n";
        assertOciError(send(address), 414, "UNSUPPORTED");
        var header = "GET /v2/ HTTP/1.1\r\nHost: x\r\nX: " + "a".repeat(70_000) + "\r\n\r\n";
        assertOciError(send(header), 431, "UNSUPPORTED");
    }

    @Test
    void tooManyHeadersAreOciError() throws Exception {
        var start = "GET /v2/a/blobs/sha256%3Aab HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
        assertTrue(send(start + "X:\r\n".repeat(HeaderLimit.MAX_LINES - 2) + "\r\n")
                .startsWith("HTTP/1.1 200 "));
        assertOciError(send(start + "X:\r\n".repeat(HeaderLimit.MAX_LINES - 1) + "\r\n"), 431, "UNSUPPORTED");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET /v2/a%2Fb/manifests/x HTTP/1.1 | 400: the request is invalid",
                "GET /v2/%zz HTTP/1.1               | 400: the request is invalid",
                "GET /../x HTTP/1.1                 | 400: the request is invalid",
                "GET /v2/ HTTP/9.9                  | 505: HTTP Version Not Supported",
                "no request at all                  | 400: the request is invalid",
            })
    void requestRejectedByParserIsLogged(String line, String reason) throws Exception {
        try (LogLines log = LogLines.of(OciErrorHandler.class.getName())) {
            for (int i = 0; i < 3; i++) {
                send(line + "\r\nHost: x\r\nConnection: close\r\n\r\n");
            }
            assertEquals(1, log.at("INFO").size(), log.text());
            assertTrue(
                    log.text()
                            .matches("INFO client /127\\.0\\.0\\.1:\\d+ sent a request that was answered with " + reason
                                    + ".*"),
                    log.text());
        }
    }

    @Test
    void requestWithOverlongUrlOrHeaderIsLogged() throws Exception {
        try (LogLines log = LogLines.of(OciErrorHandler.class.getName())) {
            send("GET /v2/" + "a".repeat(70_000) + " HTTP/1.1\r\nHost: x\r\n\r\n");
            assertTrue(log.text().contains("answered with 414: the URL is too long; the limit"), log.text());
        }
    }

    @Test
    void errorOfServletIsNotLoggedHere() throws Exception {
        try (LogLines log = LogLines.of(OciErrorHandler.class.getName())) {
            assertOciError(send("GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), 404, "UNSUPPORTED");
            assertEquals("", log.text());
        }
    }

    @Test
    void headHasNoBody() throws Exception {
        var answer = send("HEAD /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 404 "), answer);
        assertTrue(answer.endsWith("\r\n\r\n"), answer);
    }

    @Test
    void portInUseIsExplained() {
        var taken = LOOPBACK.with(ServerKeys.PORT, server.port());
        var error = assertThrows(StartException.class, () -> EmbeddedServer.start(taken, new Registering()));
        assertEquals(
                "cannot listen on 127.0.0.1:" + server.port()
                        + ": another program uses this port; choose another port with --port",
                error.getMessage());
    }

    /** The listener is the one that a WAR uses in any container. */
    @Test
    void serverTlsConfigIsWarningInWar(@TempDir Path dir) throws Exception {
        var config = Files.writeString(
                dir.resolve("c.yaml"),
                "imagePath: '" + dir.resolve("images")
                        + "'\nlogLevel: warn\nserverTlsConfig: {cert: /none.pem, key: /none.key}\n");
        System.setProperty(ConfigLocation.PROPERTY, config.toString());
        try (var log = new ContainerLogLines()) {
            EmbeddedServer.start(LOOPBACK, new RegistryContextListener()).stop(Duration.ZERO);
            assertEquals(
                    List.of("WARNING serverTlsConfig has no effect in a WAR;"
                            + " configure TLS in the connector of the container"),
                    log.at(Level.WARNING));
            var banner = log.at(Level.INFO).get(0);
            assertTrue(banner.contains("Configuration: " + config), banner);
            assertTrue(banner.contains("Cache: " + dir.resolve("images")), banner);
        } finally {
            System.clearProperty(ConfigLocation.PROPERTY);
        }
    }

    @Test
    void configurationMistakesInWarAreOneMessageWithoutStackTrace(@TempDir Path dir) throws Exception {
        var config = Files.writeString(dir.resolve("c.yaml"), "bogus: 1\nport: x\n");
        System.setProperty(ConfigLocation.PROPERTY, config.toString());
        try (var log = new ContainerLogLines()) {
            var failure = assertThrows(
                    StartException.class, () -> EmbeddedServer.start(LOOPBACK, new RegistryContextListener()));
            assertEquals(1, log.at(Level.ALL).size(), log.at(Level.ALL)::toString);
            var message = log.at(Level.SEVERE).get(0);
            assertTrue(message.contains(config + ":1: bogus: unknown key"), message);
            assertTrue(message.contains(config + ":2: port: 'x'"), message);
            assertEquals(0, failure.getCause().getStackTrace().length);
        } finally {
            System.clearProperty(ConfigLocation.PROPERTY);
        }
    }

    @Test
    void missingConfigurationFileIsErrorInWar(@TempDir Path dir) {
        System.setProperty(ConfigLocation.PROPERTY, dir.resolve("none.yaml").toString());
        try (var log = new ContainerLogLines()) {
            assertThrows(StartException.class, () -> EmbeddedServer.start(LOOPBACK, new RegistryContextListener()));
            var message = log.at(Level.SEVERE).get(0);
            assertTrue(message.contains(dir.resolve("none.yaml") + ", which is not a file"), message);
        } finally {
            System.clearProperty(ConfigLocation.PROPERTY);
        }
    }

    /** Lines of the main log of a servlet container, java.util.logging. */
    private static final class ContainerLogLines extends Handler implements AutoCloseable {
        private final Logger logger = Logger.getLogger("io.ociregistry");
        private final List<LogRecord> records = new ArrayList<>();

        ContainerLogLines() {
            logger.addHandler(this);
        }

        List<String> at(Level level) {
            return records.stream()
                    .filter(line -> level.equals(Level.ALL) || line.getLevel().equals(level))
                    .map(line -> line.getLevel() + " " + line.getMessage())
                    .toList();
        }

        @Override
        public void publish(LogRecord line) {
            records.add(line);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {
            logger.removeHandler(this);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "203.0.113.77 | this machine does not have the address; correct --host",
                "no such host | the host is neither an address nor a name that can be resolved; correct --host",
            })
    void foreignHostIsExplained(String host, String why) {
        var error = assertThrows(
                StartException.class,
                () -> EmbeddedServer.start(LOOPBACK.with(ServerKeys.HOST, host), new Registering()));
        assertEquals("cannot listen on " + host + ":0: " + why, error.getMessage());
    }

    @Test
    void requestInFlightIsAnsweredBeforeStop() throws Exception {
        var answer = CompletableFuture.supplyAsync(() -> sendUnchecked("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
        waiting.arrived.await();
        int port = server.port();
        var stopping = CompletableFuture.runAsync(() -> server.stop(Duration.ofSeconds(30)));
        awaitRefusal(port);
        // Longer than one second, Jetty's default idle timeout of connections while it stops.
        assertThrows(java.util.concurrent.TimeoutException.class, () -> answer.get(3, TimeUnit.SECONDS));
        waiting.answer.complete(null);
        assertTrue(answer.get(10, TimeUnit.SECONDS).contains("at last"));
        stopping.get(10, TimeUnit.SECONDS);
    }

    @Test
    void idleConnectionDoesNotDelayStop() throws Exception {
        try (var idle = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            idle.getOutputStream().write("GET /v2/x HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertEquals('H', idle.getInputStream().read());
            long before = System.nanoTime();
            server.stop(Duration.ofSeconds(30));
            assertTrue(Duration.ofNanos(System.nanoTime() - before).toSeconds() < 3);
        }
    }

    @Test
    void requestLongerThanShutdownTimeoutIsAborted() throws Exception {
        var answer = CompletableFuture.supplyAsync(() -> sendUnchecked("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
        waiting.arrived.await();
        assertEquals(List.of("GET /wait from 127.0.0.1"), server.requestsInFlight());
        assertEquals(List.of("GET /wait from 127.0.0.1"), server.stop(Duration.ofMillis(200)));
        assertFalse(answer.get(10, TimeUnit.SECONDS).contains("at last"));
    }

    private void assertOciError(String answer, int status, String code) {
        assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
        assertTrue(answer.contains("\r\nContent-Type: application/json\r\n"), answer);
        assertTrue(answer.contains("\r\n\r\n{\"errors\":[{\"code\":\"" + code + "\",\"message\":\""), answer);
        assertFalse(answer.toLowerCase(java.util.Locale.ROOT).contains("jetty"), answer);
        assertFalse(answer.contains("Exception"), answer);
    }

    private static void awaitRefusal(int port) {
        try {
            while (true) {
                new Socket(InetAddress.getLoopbackAddress(), port).close();
            }
        } catch (IOException e) {
            // The port is closed, as expected.
        }
    }

    private String sendUnchecked(String request) {
        try {
            return send(request);
        } catch (IOException e) {
            return "broken: " + e;
        }
    }

    private String send(String request) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }
}
