package io.ociregistry.web.send;

import io.ociregistry.web.api.AccessLogEntry;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Writes the {@link AccessLogEntry} of each request after its last asynchronous cycle. */
public final class AccessLogFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;
    private static final String ENTRY = AccessLogEntry.class.getName();

    private final transient TrustedProxies proxies;

    public AccessLogFilter(TrustedProxies proxies) {
        this.proxies = proxies;
    }

    /** Returns the only entry of a request. Without an access log, the entry only counts, and is never written. */
    static AccessLogEntry entry(HttpServletRequest request, HttpServletResponse response) {
        if (request.getAttribute(ENTRY) instanceof AccessLogEntry entry) {
            return entry;
        }
        AccessLogEntry unwritten = newEntry(request, response, request.getRemoteAddr());
        request.setAttribute(ENTRY, unwritten);
        return unwritten;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (!AccessLogEntry.isEnabled()) {
            chain.doFilter(request, response);
            return;
        }
        AccessLogEntry entry = newEntry(request, response, proxies.clientOf(request));
        request.setAttribute(ENTRY, entry);
        try {
            chain.doFilter(request, response);
        } finally {
            if (request.isAsyncStarted()) {
                request.getAsyncContext().addListener(new EndListener(entry));
            } else {
                entry.write();
            }
        }
    }

    private static AccessLogEntry newEntry(HttpServletRequest request, HttpServletResponse response, String client) {
        return new AccessLogEntry(
                request.getMethod(),
                request.getRequestURI(),
                request.getQueryString(),
                client,
                request.getHeader("User-Agent"),
                response::getStatus);
    }

    /** Writes the entry at the end of the request, also if the request became asynchronous again before. */
    private record EndListener(AccessLogEntry entry) implements AsyncListener {
        @Override
        public void onComplete(AsyncEvent event) {
            entry.write();
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
