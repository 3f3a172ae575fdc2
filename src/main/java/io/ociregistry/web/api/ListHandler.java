package io.ociregistry.web.api;

import io.ociregistry.metrics.CacheResult;
import io.ociregistry.metrics.HttpMetrics.Kind;
import io.ociregistry.metrics.Served;
import io.ociregistry.metrics.Served.Source;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.ReferrerList;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.TagList;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.registry.list.ListResult;
import io.ociregistry.web.api.ApiRequest.ReferrersRequest;
import io.ociregistry.web.api.ApiRequest.TagsRequest;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Answers requests for lists of tags and of referrers. Stages fail with {@link RegistryException}. */
final class ListHandler {
    private final RegistryContext context;

    ListHandler(RegistryContext context) {
        this.context = context;
    }

    CompletionStage<Answer> tags(RequestHead head, TagsRequest request) {
        CompletableFuture<ListResult<TagList>> found =
                context.listings().tags(request.repository(), request.page()).toCompletableFuture();
        CacheResult result = result(found);
        return found.thenApply(list -> answer(
                head,
                Answer.ok("application/json", list.list().toJson(request.name()))
                        .with(served(Kind.TAGS, result, list)),
                list));
    }

    CompletionStage<Answer> referrers(RequestHead head, ReferrersRequest request) {
        CompletableFuture<ListResult<ReferrerList>> found = context.listings()
                .referrers(request.repository(), request.subject(), request.page())
                .toCompletableFuture();
        CacheResult result = result(found);
        return found.thenApply(
                list -> answer(head, referrers(request, list.list()).with(served(Kind.REFERRERS, result, list)), list));
    }

    /** A list that is there at once was cached; every other one was asked for. */
    private static CacheResult result(CompletableFuture<?> found) {
        return found.isDone() ? CacheResult.HIT : CacheResult.MISS;
    }

    private Served served(Kind kind, CacheResult result, ListResult<?> found) {
        CacheResult known = found.warning().isPresent() ? CacheResult.STALE : result;
        return context.metrics().http().served(kind, known, known == CacheResult.MISS ? Source.ARRIVING : Source.CACHE);
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
        Optional<String> link = PageQuery.link(head, found.next());
        return WarningHeader.addTo(link.isEmpty() ? answer : answer.with("Link", link.get()), found.warning());
    }
}
