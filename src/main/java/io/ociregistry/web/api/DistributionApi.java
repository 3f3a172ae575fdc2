package io.ociregistry.web;

import io.ociregistry.access.ClientAccess;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.send.AsyncWait;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * Passes requests that {@link ClientAccess} authenticates, and answers the others with 401. The credentials of clients
 * are used for nothing else.
 */
final class ClientAccessFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;
    private static final String AUTHENTICATED = ClientAccessFilter.class.getName();
    /** Far longer than all password checks that may be queued take. */
    private static final Duration TIMEOUT = Duration.ofMinutes(5);

    private final transient ClientAccess access;

    ClientAccessFilter(ClientAccess access) {
        this.access = access;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (request.getAttribute(AUTHENTICATED) == null) {
            Optional<Boolean> authenticated = authenticated(request, response);
            if (authenticated.isEmpty()) {
                return;
            }
            // The next wait of this request is for another stage.
            AsyncWait.clear(request);
            request.setAttribute(AUTHENTICATED, authenticated.get());
        }
        if (request.getAttribute(AUTHENTICATED).equals(false)) {
            refuse(request, response);
        }
        chain.doFilter(request, response);
    }

    private Optional<Boolean> authenticated(HttpServletRequest request, HttpServletResponse response) {
        DistributionServlet.setApiVersion(response);
        return AsyncWait.await(
                request, TIMEOUT, () -> access.authenticate(request.getHeader("Authorization")), unwanted -> {});
    }

    private void refuse(HttpServletRequest request, HttpServletResponse response) {
        response.setHeader("WWW-Authenticate", access.challenge());
        throw new RegistryException(
                ErrorCode.UNAUTHORIZED,
                ClientAccess.presentsCredentials(request.getHeader("Authorization"))
                        ? "this registry does not accept this password or token; log in with a valid one"
                        : "this registry requires its clients to log in");
    }
}
