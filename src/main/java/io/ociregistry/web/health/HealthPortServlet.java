package io.ociregistry.web.health;

import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.api.Body;
import io.ociregistry.web.api.ErrorAnswers;
import io.ociregistry.web.send.ServletHead;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * Answers health probes on a port of their own. The thread of the port writes the answer, so that no thread or buffer
 * is needed that clients use too.
 */
public final class HealthPortServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private final transient HealthChecks checks;
    private final transient ErrorAnswers errors;

    public HealthPortServlet(HealthChecks checks) {
        this.checks = checks;
        this.errors = new ErrorAnswers(() -> HttpServletResponse.SC_SERVICE_UNAVAILABLE);
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Answer answer = answer(request, response);
        response.setStatus(answer.status());
        answer.headers().forEach(response::setHeader);
        answer.body().length().ifPresent(response::setContentLengthLong);
        if (answer.body() instanceof Body.Bytes body && !request.getMethod().equals("HEAD")) {
            response.getOutputStream().write(body.bytes());
        }
    }

    private Answer answer(HttpServletRequest request, HttpServletResponse response) {
        try {
            return checks.answer(ServletHead.of(request, response));
        } catch (RegistryException e) {
            return errors.of(e);
        }
    }
}
