package io.ociregistry.web.http;

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
 * Lines for one operator, sent as they come. Whoever adds one never waits for the operator, who may be slow or have left; then they go nowhere.
 *
 * <p>A thread of its own writes: there are as few of these as loads. While there is nothing to tell, an empty line now and then keeps the
 * connection.
 */
public final class LineStream {
    private static final Logger LOG = LoggerFactory.getLogger(LineStream.class);
    private static final int MANY = 1000;
    private static final long SILENCE_SECONDS = 20;

    /** Empty is the end. */
    private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();

    private volatile boolean left;

    public void add(String line) {
        if (!left) {
            lines.add(Optional.of(line));
        }
    }

    /** Adds one that may be left out, since more like it will come. */
    public void addIfReadFast(String line) {
        if (lines.size() < MANY) {
            add(line);
        }
    }

    /** Nothing comes after this. */
    public void end() {
        lines.add(Optional.empty());
    }

    /** Begins to send, after headers that are set already. */
    public void send(HttpServletRequest request, HttpServletResponse response) {
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        Daemons.named("admin lines")
                .newThread(() -> write(request, response, async))
                .start();
    }

    private void write(HttpServletRequest request, HttpServletResponse response, AsyncContext async) {
        try {
            response.flushBuffer();
            writeAll(request, response.getOutputStream());
            async.complete();
        } catch (IOException | IllegalStateException e) {
            LOG.debug("the client of {} left: {}", request.getRequestURI(), e.toString());
            leave(async);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            leave(async);
        }
    }

    private void writeAll(HttpServletRequest request, ServletOutputStream out)
            throws IOException, InterruptedException {
        while (true) {
            Optional<String> next = lines.poll(SILENCE_SECONDS, TimeUnit.SECONDS);
            if (next != null && next.isEmpty()) {
                return;
            }
            String line = next == null ? "" : next.get();
            byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
            out.write(bytes);
            AccessLogFilter.sent(request, bytes.length);
            if (lines.isEmpty()) {
                out.flush();
            }
        }
    }

    private void leave(AsyncContext async) {
        left = true;
        lines.clear();
        try {
            async.complete();
        } catch (IllegalStateException over) {
            LOG.debug("it is over already");
        }
    }
}
