package io.ociregistry.web;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.send.AccessLogFilter;
import io.ociregistry.web.send.BodyWriter;
import io.ociregistry.web.send.BodyWriterContext;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renders the exceptions of servlets as errors of the API.
 *
 * <p>After the response is committed, the exception is rethrown instead: the container then breaks the connection,
 * which shows the client that the body is incomplete.
 */
final class ErrorFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(ErrorFilter.class);

    private final transient ErrorRenderer renderer;
    private final transient BodyWriterContext writerContext;

    ErrorFilter(ErrorRenderer renderer, BodyWriterContext writerContext) {
        this.renderer = renderer;
        this.writerContext = writerContext;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        writerContext.attachTo(request);
        try {
            BodyWriter.throwIfAborted(request, response);
            chain.doFilter(request, response);
        } catch (RegistryException e) {
            if (e.code() == ErrorCode.INTERNAL) {
                LOG.error("{} {} failed", request.getMethod(), request.getRequestURI(), e);
            }
            renderOrThrow(request, response, e);
        } catch (RuntimeException e) {
            LOG.error("{} {} failed", request.getMethod(), request.getRequestURI(), e);
            renderOrThrow(
                    request,
                    response,
                    new RegistryException(ErrorCode.INTERNAL, "internal error of this server; see its log", e));
        }
    }

    private void renderOrThrow(HttpServletRequest request, HttpServletResponse response, RegistryException error)
            throws IOException {
        AccessLogFilter.addReason(request, error);
        if (response.isCommitted()) {
            throw error;
        }
        renderer.render(request, response, error);
    }
}
