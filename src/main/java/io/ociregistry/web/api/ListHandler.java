package io.ociregistry.web.api;

import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.ReferrerList;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.registry.list.ListResult;
import io.ociregistry.web.api.ApiRequest.ReferrersRequest;
import io.ociregistry.web.api.ApiRequest.TagsRequest;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Answers requests for lists of tags and of referrers. Stages fail with {@link RegistryException}. */
final class ListHandler {
    private final RegistryContext context;

    ListHandler(RegistryContext context) {
        this.context = context;
    }

    CompletionStage<Answer> tags(RequestHead head, TagsRequest request) {
        return context.listings()
                .tags(request.repository(), request.page())
                .thenApply(found ->
                        answer(head, Answer.ok("application/json", found.list().toJson(request.name())), found));
    }

    CompletionStage<Answer> referrers(RequestHead head, ReferrersRequest request) {
        return context.listings()
                .referrers(request.repository(), request.subject(), request.page())
                .thenApply(found -> answer(head, referrers(request, found.list()), found));
    }

    private static Answer referrers(ReferrersRequest request, ReferrerList list) {
        // Without parameters: by this exact content type, clients recognize that the registry has the API.
        String contentType = MediaType.OCI_INDEX.value();
        return request.artifactTypes().isEmpty()
                ? Answer.ok(contentType, list.toJson())
                : Answer.ok(
                                contentType,
                                list.withArtifactTypes(request.artifactTypes()).toJson())
                        .with("OCI-Filters-Applied", "artifactType");
    }

    private static Answer answer(RequestHead head, Answer answer, ListResult<?> found) {
        head.log().setProvenance(found.provenance());
        Optional<String> link = PageQuery.link(head, found.next());
        return (link.isEmpty() ? answer : answer.with("Link", link.get())).withWarning(found.warning());
    }
}
