package io.ociregistry.web.send;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Text;
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
 * Logs one line for each request at info, when the request is over.
 *
 * <p>Fields: method, path and redacted query as received, status, bytes of the body, milliseconds, client address and
 * {@code User-Agent}. A failure that is not a mistake of the client adds its reason, because clients such as containerd
 * do not show the text of an error. Headers are not logged, because they contain secrets.
 */
public final class AccessLogFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger("io.ociregistry.access");
    private static final Pattern NOT_IN_FIELD = Pattern.compile("[^ !#-~]");
    private static final String SENT = AccessLogFilter.class.getName() + ".sent";

    /** Writes the line of a request whose body was aborted, because containers differ in the events that follow. */
    public static void logAborted(HttpServletRequest request) {
        if (request.getAttribute(Line.class.getName()) instanceof Line line) {
            line.write(" (aborted)");
        }
    }

    /** Adds the reason of a failure to the line of a request. */
    public static void addReason(HttpServletRequest request, RegistryException why) {
        boolean isServerSide = why.code().status() >= 500
                || why.code() == ErrorCode.DENIED
                || why.code() == ErrorCode.TOO_MANY_REQUESTS;
        if (isServerSide && request.getAttribute(Line.class.getName()) instanceof Line line) {
            line.why = ": " + Text.printable(why.getMessage());
        }
    }

    /** Adds to the number of bytes sent in the line of a request. */
    public static void addBytes(HttpServletRequest request, long bytes) {
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

    /** The line of one request, written once, after its last asynchronous cycle. */
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

        void write(String suffix) {
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
                    suffix,
                    why);
        }

        /** Replaces characters by which a client could end the line or forge another field. */
        private static String printable(@Nullable String text) {
            return text == null ? "-" : NOT_IN_FIELD.matcher(text).replaceAll("?");
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
