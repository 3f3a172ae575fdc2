package io.ociregistry.web.send;

import io.ociregistry.web.api.Query;
import io.ociregistry.web.api.RequestHead;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Collections;

/** Reads the {@link RequestHead} of a servlet request. */
public final class ServletHead {
    private ServletHead() {}

    /** Returns a copy of the head. */
    public static RequestHead of(HttpServletRequest request, HttpServletResponse response) {
        return new RequestHead(
                request.getMethod(),
                request.getContextPath(),
                path(request),
                Query.of(request.getQueryString()),
                RequestHead.Headers.of(request::getHeader, name -> Collections.list(request.getHeaders(name))),
                AccessLogFilter.entry(request, response));
    }

    /** Returns the path below the web application, percent-encoded. */
    public static String path(HttpServletRequest request) {
        return request.getRequestURI().substring(request.getContextPath().length());
    }
}
