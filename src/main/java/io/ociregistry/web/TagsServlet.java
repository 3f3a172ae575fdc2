package io.ociregistry.web;

import io.ociregistry.web.api.DistributionApi;
import io.ociregistry.web.send.BodySender;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Serves {@code GET} and {@code HEAD /v2/<name>/tags/list}. */
final class TagsServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private final transient DistributionApi api;
    private final transient BodySender sender;

    TagsServlet(DistributionApi api, BodySender sender) {
        this.api = api;
        this.sender = sender;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        sender.answer(request, response, api::tags);
    }
}
