package io.ociregistry.standalone.jetty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The limits for clients of the embedded server. */
@Timeout(60)
class ServerLimitsTest {
    private static final Duration LONG = Duration.ofMinutes(2);
    private static final Duration SHORT = Duration.ofMillis(400);
    private static final String REQUEST = "GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n";

    private final Held held = new Held();
    private EmbeddedServer server;

    private final class Registering implements ServletContextListener {
        @Override
        public void contextInitialized(ServletContextEvent event) {
            event.getServletContext().addServlet("yes", new Yes()).addMapping("/v2/*");
            event.getServletContext().addServlet("much", new Much()).addMapping("/much");
            var registration = event.getServletContext().addServlet("held", held);
            registration.setAsyncSupported(true);
            registration.addMapping("/held");
        }
    }

    private static final class Yes extends HttpServlet {
        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.getOutputStream().print("yes");
        }
    }

    /** More than fits into the buffers between the server and a client that does not read. */
    private static final class Much extends HttpServlet {
        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            for (int i = 0; i < 4000; i++) {
                response.getOutputStream().write(new byte[1 << 16]);
            }
        }
    }

    /** Starts an answer, and completes it when the test allows it. */
    private static final class Held extends HttpServlet {
        final CountDownLatch started = new CountDownLatch(1);
        final CompletableFuture<Void> end = new CompletableFuture<>();

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            AsyncContext async = request.startAsync();
            async.setTimeout(0);
            response.setContentLength(4);
            response.getOutputStream().print("be");
            response.flushBuffer();
            var unused = end.thenRun(() -> {
                try {
                    response.getOutputStream().print("st");
                    async.complete();
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            started.countDown();
        }
    }

    @AfterEach
    void stop() {
        server.stop(Duration.ZERO);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "G", "GET /v2/ HTTP/1.1\r\nHost: x\r\nX: "})
    void slowHeadersAreClosed(String start) throws Exception {
        start(new ServerLimits(100, SHORT, LONG, LONG, LONG));
        try (RawHttp http = RawHttp.connect(base())) {
            http.write(start);
            assertClosed(http);
        }
    }

    @Test
    void slowHeadersOfLaterRequestAreClosed() throws Exception {
        start(new ServerLimits(100, SHORT, LONG, LONG, LONG));
        try (RawHttp http = RawHttp.connect(base())) {
            assertEquals("yes", http.sendRaw(REQUEST, false).text());
            assertClosed(http);
        }
    }

    @Test
    void idleConnectionIsNotClosedByHeaderTimeout() throws Exception {
        start(new ServerLimits(100, SHORT, LONG, LONG, LONG));
        try (RawHttp http = RawHttp.connect(base())) {
            assertEquals("yes", http.sendRaw(REQUEST, false).text());
            http.patience(SHORT.multipliedBy(3));
            assertThrows(SocketTimeoutException.class, http::rest);
            http.patience(RawHttp.PATIENCE);
            assertEquals("yes", http.sendRaw(REQUEST, false).text());
        }
    }

    @Test
    void slowAnswerIsNotTimedAsHeaders() throws Exception {
        start(new ServerLimits(100, SHORT, LONG, LONG, LONG));
        try (RawHttp http = RawHttp.connect(base())) {
            Response slow = http.sendRaw("GET /held HTTP/1.1\r\nHost: x\r\n\r\nGET /v2/ HT", false);
            held.started.await();
            http.patience(SHORT.multipliedBy(3));
            slow.read(2);
            assertThrows(SocketTimeoutException.class, () -> slow.read(1));
            http.patience(RawHttp.PATIENCE);
            held.end.complete(null);
            assertEquals("st", slow.text());
            assertEquals("yes", http.sendRaw("TP/1.1\r\nHost: x\r\n\r\n", false).text());
        }
    }

    @Test
    void idleConnectionIsClosed() throws Exception {
        start(new ServerLimits(100, LONG, SHORT, LONG, LONG));
        try (RawHttp http = RawHttp.connect(base())) {
            assertEquals("yes", http.sendRaw(REQUEST, false).text());
            assertEquals(0, http.rest().length);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 1000000000000",
                "Transfer-Encoding: chunked",
                "Content-Length: 10\r\nExpect: 100-continue"
            })
    void unexpectedBodyIsNotWaitedFor(String header) throws Exception {
        start(ServerLimits.DEFAULT);
        try (RawHttp http = RawHttp.connect(base())) {
            Response answer = http.sendRaw(REQUEST.replace("Host: x\r\n", "Host: x\r\n" + header + "\r\n"), false);
            assertEquals(200, answer.status());
            assertEquals("yes", answer.text());
            http.rest();
        }
    }

    @Test
    void endlessBodyIsClosed() throws Exception {
        start(ServerLimits.DEFAULT);
        try (RawHttp http = RawHttp.connect(base())) {
            http.write(REQUEST.replace("Host: x", "Host: x\r\nContent-Length: 1000000000000"));
            String piece = "x".repeat(1 << 16);
            assertThrows(SocketException.class, () -> {
                for (int i = 0; i < 10_000; i++) {
                    http.write(piece);
                }
            });
        }
    }

    @Test
    void clientWaitsUntilBusyConnectionBecomesIdle() throws Exception {
        start(new ServerLimits(2, LONG, LONG, LONG, LONG));
        try (LogLines log = LogLines.of(IdleConnectionEvictor.class.getName());
                RawHttp one = RawHttp.connect(base());
                RawHttp two = RawHttp.connect(base())) {
            Response first = one.sendRaw("GET /held HTTP/1.1\r\nHost: x\r\n\r\n", false);
            Response second = two.sendRaw("GET /held HTTP/1.1\r\nHost: x\r\n\r\n", false);
            first.read(2);
            second.read(2);
            var third = CompletableFuture.supplyAsync(this::ask);
            Await.until("it warns", () -> !log.at("WARN").isEmpty());
            assertFalse(third.isDone());
            String warning = "all 2 connections of port " + server.port() + " are in use and none is idle";
            assertEquals(1, log.at("WARN").size(), log.text());
            assertTrue(log.text().contains(warning), log.text());
            held.end.complete(null);
            assertEquals("st", first.text());
            assertEquals("st", second.text());
            assertEquals("yes", third.get(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void longestIdleConnectionIsClosedAtLimit() throws Exception {
        start(new ServerLimits(3, LONG, LONG, LONG, LONG));
        try (RawHttp busy = RawHttp.connect(base());
                RawHttp idle = RawHttp.connect(base())) {
            Response answer = busy.sendRaw("GET /held HTTP/1.1\r\nHost: x\r\n\r\n", false);
            answer.read(2);
            assertEquals("yes", idle.sendRaw(REQUEST, false).text());
            try (RawHttp third = RawHttp.connect(base())) {
                idle.patience(Duration.ofMillis(20));
                do {
                    assertEquals("yes", third.sendRaw(REQUEST, false).text());
                } while (isOpen(idle));
            }
            held.end.complete(null);
            assertEquals("st", answer.text());
        }
    }

    @Test
    void connectionWithoutRequestIsClosedAtLimit() throws Exception {
        start(new ServerLimits(1, LONG, LONG, LONG, LONG));
        try (RawHttp silent = RawHttp.connect(base())) {
            assertEquals("yes", ask());
            assertEquals(0, silent.rest().length);
        }
    }

    @Test
    void slowReaderIsClosedSoonerAtLimit() throws Exception {
        start(new ServerLimits(2, LONG, LONG, SHORT, LONG));
        try (RawHttp stalled = RawHttp.connect(base())) {
            stalled.sendRaw("GET /much HTTP/1.1\r\nHost: x\r\n\r\n", false).read(1);
            try (RawHttp busy = RawHttp.connect(base())) {
                busy.sendRaw("GET /held HTTP/1.1\r\nHost: x\r\n\r\n", false).read(2);
                assertEquals("yes", ask());
            }
        }
    }

    @Test
    void defaultLimitLeavesFilesForBlobs() {
        start(ServerLimits.DEFAULT);
        assertTrue(ServerLimits.DEFAULT.connections() >= 64, ServerLimits.DEFAULT::toString);
        assertTrue(ServerLimits.DEFAULT.connections() <= 4096, ServerLimits.DEFAULT::toString);
        assertFalse(ServerLimits.DEFAULT.headers().compareTo(ServerLimits.DEFAULT.idle()) > 0);
    }

    private static boolean isOpen(RawHttp http) throws IOException {
        try {
            assertEquals(0, http.rest().length);
            return false;
        } catch (SocketTimeoutException stillOpen) {
            return true;
        }
    }

    /** Sends one byte per tenth of the limit, for ten times the limit. */
    private static void assertClosed(RawHttp http) throws Exception {
        http.patience(SHORT.dividedBy(10));
        for (int i = 0; i < 100; i++) {
            try {
                http.write("x");
                assertEquals(0, http.rest().length);
                return;
            } catch (SocketTimeoutException stillOpen) {
                // No answer yet: send the next byte.
            } catch (SocketException closed) {
                return;
            }
        }
        throw new AssertionError("still open after a hundred bytes");
    }

    private void start(ServerLimits limits) {
        ServerConfig config =
                ServerConfig.defaults().with(ServerKeys.HOST, "127.0.0.1").with(ServerKeys.PORT, 0);
        try {
            server = EmbeddedServer.start(config, new Registering(), limits, connector -> {});
        } catch (StartException e) {
            throw new AssertionError(e);
        }
    }

    private URI base() {
        return URI.create("http://127.0.0.1:" + server.port());
    }

    private String ask() {
        try {
            return RawHttp.get(base(), "/v2/").text();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
