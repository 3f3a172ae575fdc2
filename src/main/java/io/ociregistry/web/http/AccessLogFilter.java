package io.ociregistry.web.http;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line a request, at info, when it is over: method, path and what of the query is ours as they came, status, bytes of the body,
 * milliseconds, client address and the client's name for itself, and why it failed, if it is not the client's mistake: clients like containerd show
 * nobody what an error says. Headers are not logged; they hold secrets.
 */
public final class AccessLogFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger("io.ociregistry.access");
    private static final Pattern UNPRINTABLE = Pattern.compile("[^ !#-~]");
    private static final Pattern NO_TEXT = Pattern.compile("[^ -~]");
    private static final String SENT = AccessLogFilter.class.getName() + ".sent";

    /** Writes the line of a request whose body was broken off; containers differ in what they still tell of it. */
    public static void brokenOff(HttpServletRequest request) {
        if (request.getAttribute(Line.class.getName()) instanceof Line line) {
            line.write(" (broken off)");
        }
    }

    /** Makes the line of a request tell why it failed. */
    public static void failed(HttpServletRequest request, RegistryException why) {
        boolean ours = why.code().status() >= 500
                || why.code() == ErrorCode.DENIED
                || why.code() == ErrorCode.TOO_MANY_REQUESTS;
        if (ours && request.getAttribute(Line.class.getName()) instanceof Line line) {
            line.why = ": " + NO_TEXT.matcher(why.getMessage()).replaceAll("?");
        }
    }

    /** Adds to what the log says was sent of the body. */
    public static void sent(HttpServletRequest request, long bytes) {
        request.setAttribute(SENT, sentSoFar(request) + bytes);
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (!LOG.isInfoEnabled()) {
            chain.doFilter(request, response);
            return;
        }
        Line line = new Line(request, response);
        request.setAttribute(Line.class.getName(), line);
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

    /** The line of one request, written once, when its last asynchronous cycle is over. */
    private static final class Line implements AsyncListener {
        private final HttpServletRequest request;
        private final HttpServletResponse response;
        private final long start = System.nanoTime();
        private final AtomicBoolean written = new AtomicBoolean();
        private volatile String why = "";

        Line(HttpServletRequest request, HttpServletResponse response) {
            this.request = request;
            this.response = response;
        }

        void write(String remark) {
            if (!written.compareAndSet(false, true)) {
                return;
            }
            String query = request.getQueryString();
            LOG.info(
                    "{} {}{} {} {}B {}ms {} \"{}\"{}{}",
                    request.getMethod(),
                    printable(request.getRequestURI()),
                    query == null ? "" : "?" + printable(RedactedQuery.of(query)),
                    response.getStatus(),
                    sentSoFar(request),
                    (System.nanoTime() - start) / 1_000_000,
                    request.getRemoteAddr(),
                    printable(request.getHeader("User-Agent")),
                    remark,
                    why);
        }

        /** Nothing that a client sends may end a line, or look like another field. */
        private static String printable(@Nullable String text) {
            return text == null ? "-" : UNPRINTABLE.matcher(text).replaceAll("?");
        }

        @Override
        public void onComplete(AsyncEvent event) {
            write("");
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
