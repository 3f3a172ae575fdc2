package io.ociregistry.web.api;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.registry.manifest.ManifestResult;
import io.ociregistry.web.api.ApiRequest.ManifestRequest;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;

/**
 * Answers requests for manifests with the exact bytes of the manifest. The headers {@code Accept} and {@code Range} are
 * ignored.
 */
final class ManifestHandler implements ApiHandler<ManifestRequest> {
    private final RegistryContext context;

    ManifestHandler(RegistryContext context) {
        this.context = context;
    }

    @Override
    public Optional<Answer> hit(RequestHead head, ManifestRequest request) {
        return context.registry().cachedManifest(request.name()).map(found -> answer(head, request.name(), found));
    }

    @Override
    public CompletionStage<Answer> answer(RequestHead head, ManifestRequest request) {
        return context.registry().manifest(request.name()).thenApply(found -> answer(head, request.name(), found));
    }

    private Answer answer(RequestHead head, ImageReference name, ManifestResult found) {
        head.log().setProvenance(found.provenance());
        Manifest manifest = found.manifest();
        Digest digest = name.reference() instanceof Digest asked ? asked : manifest.digest();
        Answer answer = ContentHeaders.isNotModified(head, digest)
                ? ContentHeaders.notModified(digest)
                : Answer.ok(ContentHeaders.of(digest, manifest.mediaType()), body(head, name, manifest));
        return answer.withWarning(found.warning());
    }

    private Body body(RequestHead head, ImageReference name, Manifest manifest) {
        if (head.isHead()) {
            return new Body.None(OptionalLong.of(manifest.size()));
        }
        context.registry().prefetch(name.repository(), manifest);
        return new Body.Bytes(manifest.toByteArray());
    }
}
