package io.ociregistry.web;

import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.ReferrerList;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.registry.list.ListResult;
import io.ociregistry.web.send.ListSender;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Optional;

/** Answers {@code GET} and {@code HEAD /v2/<name>/referrers/<digest>}. */
final class ReferrersServlet extends ApiServlet {
    private static final long serialVersionUID = 1L;

    ReferrersServlet(RegistryContext context) {
        super(context);
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        var query = ApiRequest.of(request, ApiRequest.ReferrersRequest.class);
        Optional<ListResult<ReferrerList>> found =
                await(request, () -> context.listings().referrers(query.repository(), query.subject(), query.page()));
        if (found.isPresent()) {
            ReferrerList list = found.get().list();
            if (!query.artifactTypes().isEmpty()) {
                response.setHeader("OCI-Filters-Applied", "artifactType");
                list = list.withArtifactTypes(query.artifactTypes());
            }
            // Without parameters: by this exact content type, clients recognize that the registry has the API.
            ListSender.send(request, response, MediaType.OCI_INDEX.value(), list.toJson(), found.get());
        }
    }
}
