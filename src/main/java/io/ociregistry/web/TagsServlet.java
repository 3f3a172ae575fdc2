package io.ociregistry.web;

import io.ociregistry.oci.TagList;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.registry.list.ListResult;
import io.ociregistry.web.send.ListSender;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Optional;

/** Answers {@code GET} and {@code HEAD /v2/<name>/tags/list}. */
final class TagsServlet extends ApiServlet {
    private static final long serialVersionUID = 1L;

    TagsServlet(RegistryContext context) {
        super(context);
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        var query = ApiRequest.of(request, ApiRequest.TagsRequest.class);
        Optional<ListResult<TagList>> found =
                await(request, () -> context.listings().tags(query.repository(), query.page()));
        if (found.isPresent()) {
            byte[] body = found.get().list().toJson(query.name());
            ListSender.send(request, response, "application/json", body, found.get());
        }
    }
}
