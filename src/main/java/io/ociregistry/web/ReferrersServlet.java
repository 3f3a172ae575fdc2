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

/** {@code GET} and {@code HEAD /v2/<name>/referrers/<digest>}. */
final class ReferrersServlet extends ApiServlet {
    private static final long serialVersionUID = 1L;

    ReferrersServlet(RegistryContext context) {
        super(context);
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        var asked = ApiRequest.of(request, ApiRequest.ReferrersRequest.class);
        Optional<ListResult<ReferrerList>> found =
                await(request, () -> context.listings().referrers(asked.repository(), asked.subject(), asked.page()));
        if (found.isPresent()) {
            ReferrerList list = found.get().list();
            if (!asked.artifactTypes().isEmpty()) {
                response.setHeader("OCI-Filters-Applied", "artifactType");
                list = list.ofTypes(asked.artifactTypes());
            }
            // The content type as a whole is how clients tell that this registry has the API.
            ListSender.send(request, response, MediaType.OCI_INDEX.value(), list.toJson(), found.get());
        }
    }
}
