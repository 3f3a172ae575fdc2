package io.ociregistry.web;

import io.ociregistry.access.ClientAccess;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.http.AsyncWait;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** Lets requests pass that {@link ClientAccess} admits; the others are 401. What clients show goes nowhere else. */
final class ClientAccessFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;
    private static final String ADMITTED = ClientAccessFilter.class.getName();
    /** Far longer than all that may wait for it takes. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final transient ClientAccess access;

    ClientAccessFilter(ClientAccess access) {
        this.access = access;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (request.getAttribute(ADMITTED) == null) {
            Optional<Boolean> admitted = admitted(request, response);
            if (admitted.isEmpty()) {
                return;
            }
            // What the request waits for next is another stage.
            AsyncWait.forget(request);
            request.setAttribute(ADMITTED, admitted.get());
        }
        if (request.getAttribute(ADMITTED).equals(false)) {
            refuse(request, response);
        }
        chain.doFilter(request, response);
    }

    private Optional<Boolean> admitted(HttpServletRequest request, HttpServletResponse response) {
        DistributionServlet.nameProtocol(response);
        return AsyncWait.await(
                request, PATIENCE, () -> access.admits(request.getHeader("Authorization")), unwanted -> {});
    }

    private void refuse(HttpServletRequest request, HttpServletResponse response) {
        response.setHeader("WWW-Authenticate", access.challenge());
        throw new RegistryException(
                ErrorCode.UNAUTHORIZED,
                ClientAccess.isTried(request.getHeader("Authorization"))
                        ? "this registry does not know that password or token; log in with another"
                        : "this registry wants its clients to log in");
    }
}
