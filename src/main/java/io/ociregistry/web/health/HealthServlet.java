package io.ociregistry.web.health;

import io.ociregistry.web.api.Answer;
import io.ociregistry.web.api.RequestHead;
import io.ociregistry.web.send.BodySender;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** Answers health probes on the port of the clients. */
public final class HealthServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private final transient Function<RequestHead, CompletionStage<Answer>> checks;
    private final transient BodySender sender;

    public HealthServlet(Function<RequestHead, CompletionStage<Answer>> checks, BodySender sender) {
        this.checks = checks;
        this.sender = sender;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        sender.answer(request, response, checks);
    }
}
