package io.ociregistry.web;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.http.AccessLogFilter;
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
 * Renders what servlets throw. Once something was sent it can only be passed on: the container then breaks the connection, and that is what
 * tells the client that the body is not whole.
 */
final class ErrorFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(ErrorFilter.class);

    private final transient ErrorRenderer renderer;
    private final transient BodyWriterContext delivery;

    ErrorFilter(ErrorRenderer renderer, BodyWriterContext delivery) {
        this.renderer = renderer;
        this.delivery = delivery;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        delivery.keepIn(request);
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
                    new RegistryException(ErrorCode.INTERNAL, "a fault of this server; its log tells more", e));
        }
    }

    private void renderOrThrow(HttpServletRequest request, HttpServletResponse response, RegistryException error)
            throws IOException {
        AccessLogFilter.failed(request, error);
        if (response.isCommitted()) {
            throw error;
        }
        renderer.render(request, response, error);
    }
}
