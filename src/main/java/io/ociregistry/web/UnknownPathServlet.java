package io.ociregistry.web;

import io.ociregistry.metrics.HttpMetrics.Kind;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.api.AnswerCounter;
import io.ociregistry.web.api.RequestHead;
import io.ociregistry.web.send.BodySender;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Answers 404 for each path that is not part of the API. It takes the place of the default servlet of a container,
 * which may list the files of the WAR.
 */
final class UnknownPathServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private final transient BodySender sender;
    private final transient Function<RequestHead, CompletionStage<Answer>> answer;

    UnknownPathServlet(AnswerCounter counter, BodySender sender) {
        this.sender = sender;
        this.answer = counter.counted(Kind.OTHER, head -> {
            throw new RegistryException(
                    ErrorCode.PATH_UNKNOWN, "no such path; this is a registry, whose paths start with /v2/");
        });
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        sender.answer(request, response, answer);
    }
}
