package io.ociregistry.web;

import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line a request, at info, when it is over: method, path and query as they came, status, bytes of the body, milliseconds, client address
 * and the client's name for itself. Headers are not logged; they hold secrets.
 */
final class AccessLogFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger("io.ociregistry.access");
    private static final String SENT = AccessLogFilter.class.getName() + ".sent";

    /** Adds to what the log says was sent of the body. */
    static void sent(HttpServletRequest request, long bytes) {
        request.setAttribute(SENT, sentSoFar(request) + bytes);
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (!LOG.isInfoEnabled()) {
            chain.doFilter(request, response);
            return;
        }
        Line line = new Line(request, response, System.nanoTime());
        try {
            chain.doFilter(request, response);
        } finally {
            if (request.isAsyncStarted()) {
                request.getAsyncContext().addListener(line);
            } else {
                line.write("");
            }
        }
    }

    private static long sentSoFar(HttpServletRequest request) {
        return request.getAttribute(SENT) instanceof Long bytes ? bytes : 0;
    }

    /** The line of one request, written when its last asynchronous cycle is over. */
    private record Line(HttpServletRequest request, HttpServletResponse response, long start) implements AsyncListener {
        void write(String remark) {
            String query = request.getQueryString();
            String agent = request.getHeader("User-Agent");
            LOG.info(
                    "{} {}{} {} {}B {}ms {} {}{}",
                    request.getMethod(),
                    request.getRequestURI(),
                    query == null ? "" : "?" + query,
                    response.getStatus(),
                    sentSoFar(request),
                    (System.nanoTime() - start) / 1_000_000,
                    request.getRemoteAddr(),
                    agent == null ? "-" : agent,
                    remark);
        }

        @Override
        public void onComplete(AsyncEvent event) {
            write(Transfer.isAborted(request) ? " (broken off)" : "");
        }

        @Override
        public void onStartAsync(AsyncEvent event) {
            event.getAsyncContext().addListener(this);
        }

        @Override
        public void onError(AsyncEvent event) {}

        @Override
        public void onTimeout(AsyncEvent event) {}
    }
}
