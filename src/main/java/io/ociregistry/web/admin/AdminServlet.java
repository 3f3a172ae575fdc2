package io.ociregistry.web.admin;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.send.BodySender;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/**
 * Answers health probes: {@code /livez} and {@code /health} report that the process responds, {@code /readyz} that it
 * can read its cache. None of them uses the network, so a broken uplink never makes a server look unhealthy.
 */
public final class AdminServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private final transient RegistryContext context;
    private final transient BodySender sender;

    public AdminServlet(RegistryContext context, BodySender sender) {
        this.context = context;
        this.sender = sender;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        sender.answer(request, response, head -> CompletableFuture.completedStage(answer(request)));
    }

    private Answer answer(HttpServletRequest request) {
        if (!request.getMethod().equals("GET") && !request.getMethod().equals("HEAD")) {
            throw new RegistryException(ErrorCode.UNSUPPORTED, request.getServletPath() + " accepts GET and HEAD only");
        }
        if (request.getServletPath().equals("/readyz") && !context.isReady()) {
            throw new RegistryException(ErrorCode.STORE_FAILED, "this server can't read its image path; see its log");
        }
        byte[] body = "ok\n".getBytes(StandardCharsets.US_ASCII);
        return Answer.ok("text/plain", body).with("Cache-Control", "no-store");
    }
}
