package io.ociregistry.web.api;

import io.ociregistry.common.Daemons;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends lines to one client of the admin API as soon as they are added. {@link #add} never waits for the client; after
 * the client has disconnected, lines are dropped.
 *
 * <p>Each stream has a thread of its own that writes, at most one for each load. After 20 seconds without a line, an
 * empty line keeps the connection open. Any thread may add lines.
 */
public final class LineStream {
    private static final Logger LOG = LoggerFactory.getLogger(LineStream.class);
    private static final int MAX_QUEUED = 1000;
    private static final long KEEP_ALIVE_SECONDS = 20;

    /** An empty element is the end of the stream. */
    private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();

    private volatile boolean disconnected;

    public void add(String line) {
        if (!disconnected) {
            lines.add(Optional.of(line));
        }
    }

    /** Adds a line, or drops it if 1,000 lines are queued; for progress, which later lines replace. */
    public void addDroppable(String line) {
        if (lines.size() < MAX_QUEUED) {
            add(line);
        }
    }

    /** Ends the stream after the lines added so far. */
    public void end() {
        lines.add(Optional.empty());
    }

    /** Starts to send. The caller has set the headers of the response. */
    public void send(HttpServletRequest request, HttpServletResponse response) {
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        Daemons.withName("admin lines")
                .newThread(() -> write(request, response, async))
                .start();
    }

    private void write(HttpServletRequest request, HttpServletResponse response, AsyncContext async) {
        try {
            response.flushBuffer();
            writeAll(request, response.getOutputStream());
            async.complete();
        } catch (IOException | IllegalStateException e) {
            LOG.debug("the client of {} disconnected: {}", request.getRequestURI(), e.toString());
            disconnect(async);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            disconnect(async);
        }
    }

    private void writeAll(HttpServletRequest request, ServletOutputStream out)
            throws IOException, InterruptedException {
        while (true) {
            Optional<String> next = lines.poll(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS);
            if (next != null && next.isEmpty()) {
                return;
            }
            String line = next == null ? "" : next.get();
            byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
            out.write(bytes);
            AccessLogFilter.addBytes(request, bytes.length);
            if (lines.isEmpty()) {
                out.flush();
            }
        }
    }

    private void disconnect(AsyncContext async) {
        disconnected = true;
        lines.clear();
        try {
            async.complete();
        } catch (IllegalStateException over) {
            LOG.debug("the request of this client is over already");
        }
    }
}
