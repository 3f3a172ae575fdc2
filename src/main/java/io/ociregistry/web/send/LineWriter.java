package io.ociregistry.web.send;

import io.ociregistry.common.Daemons;
import io.ociregistry.web.api.AccessLogEntry;
import io.ociregistry.web.api.LineStream;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends a {@link LineStream} to its client, on a thread of its own; each load has at most one. */
final class LineWriter {
    private static final Logger LOG = LoggerFactory.getLogger(LineWriter.class);

    private final LineStream lines;
    private final String path;
    private final HttpServletResponse response;
    private final AccessLogEntry entry;
    private final AsyncContext async;

    private LineWriter(LineStream lines, HttpServletRequest request, HttpServletResponse response) {
        this.lines = lines;
        this.path = request.getRequestURI();
        this.response = response;
        this.entry = AccessLogFilter.entry(request, response);
        this.async = request.startAsync();
    }

    /** Starts to send. The caller has set the headers. */
    static void start(LineStream lines, HttpServletRequest request, HttpServletResponse response) {
        LineWriter writer = new LineWriter(lines, request, response);
        writer.async.setTimeout(0);
        Daemons.withName("admin lines").newThread(writer::write).start();
    }

    private void write() {
        try {
            response.flushBuffer();
            writeAll(response.getOutputStream());
            async.complete();
        } catch (IOException | IllegalStateException e) {
            LOG.debug("the client of {} disconnected: {}", path, e.toString());
            disconnect();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            disconnect();
        }
    }

    private void writeAll(ServletOutputStream out) throws IOException, InterruptedException {
        while (true) {
            Optional<String> line = lines.take();
            if (line.isEmpty()) {
                return;
            }
            byte[] bytes = (line.get() + "\n").getBytes(StandardCharsets.UTF_8);
            out.write(bytes);
            entry.addBytes(bytes.length);
            if (lines.isEmpty()) {
                out.flush();
            }
        }
    }

    private void disconnect() {
        lines.disconnect();
        try {
            async.complete();
        } catch (IllegalStateException over) {
            LOG.debug("the request of this client is over already");
        }
    }
}
