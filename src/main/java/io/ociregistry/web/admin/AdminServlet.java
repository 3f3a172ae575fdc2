package io.ociregistry.web.admin;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.web.send.BodyWriter;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * What operators and their probes ask: {@code /livez} and {@code /health} (this program answers) and {@code /readyz} (it can serve what is
 * cached). None of them touches the network, so a dead link never makes a cache look dead.
 */
public final class AdminServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private final transient RegistryContext context;

    public AdminServlet(RegistryContext context) {
        this.context = context;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (!request.getMethod().equals("GET") && !request.getMethod().equals("HEAD")) {
            throw new RegistryException(ErrorCode.UNSUPPORTED, request.getServletPath() + " answers GET and HEAD");
        }
        if (request.getServletPath().equals("/readyz") && !context.isReady()) {
            throw new RegistryException(ErrorCode.STORE_FAILED, "the image path can't be read");
        }
        byte[] body = "ok\n".getBytes(StandardCharsets.US_ASCII);
        response.setHeader("Content-Type", "text/plain");
        response.setHeader("Cache-Control", "no-store");
        response.setContentLengthLong(body.length);
        BodyWriter.send(request, response, body);
    }
}
