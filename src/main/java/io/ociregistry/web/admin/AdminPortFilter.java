package io.ociregistry.web.admin;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * Keeps images off the port of the admin API, which is plain HTTP, and asks for no certificate, also where the port for clients does: it would be
 * a way around {@code clientAuth: verify}.
 */
public final class AdminPortFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;

    private final int adminPort;

    public AdminPortFilter(int adminPort) {
        this.adminPort = adminPort;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (request.getLocalPort() == adminPort) {
            throw new RegistryException(
                    ErrorCode.PATH_UNKNOWN, "this is the port of the admin API alone; for images ask the other one");
        }
        chain.doFilter(request, response);
    }
}
