package io.ociregistry.web.admin;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.send.BodySender;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * Refuses requests for images on the port of the admin API, and for the file that sends pulls to this port. That port
 * is plain HTTP without client certificates, so images there would bypass {@code clientAuth: verify}.
 */
public final class AdminPortFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;

    private final int adminPort;
    private final transient BodySender sender;

    public AdminPortFilter(int adminPort, BodySender sender) {
        this.adminPort = adminPort;
        this.sender = sender;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (request.getLocalPort() == adminPort) {
            String why = "this port serves the admin API only; request images on the other port of this server";
            sender.fail(new RegistryException(ErrorCode.PATH_UNKNOWN, why), request, response);
        } else {
            chain.doFilter(request, response);
        }
    }
}
