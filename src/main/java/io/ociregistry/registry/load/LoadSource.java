package io.ociregistry.registry.load;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.ReferrerList;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.Registry;
import io.ociregistry.registry.list.ListResult;
import io.ociregistry.registry.manifest.ManifestResult;
import io.ociregistry.store.BlobSource;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The content of a running registry for a load, cached or fetched with a lower priority than for clients.
 *
 * <p>Stages fail as those of the {@link Registry} do. Implementations are thread-safe.
 */
public interface LoadSource {
    /** Returns the cached manifest of a name; sends no request. */
    Optional<Manifest> cached(ImageReference name);

    /** Returns the manifest of a name, as a client would get it. */
    CompletionStage<ManifestResult> manifest(ImageReference name);

    /** Records a tag of a cached manifest; false if its upstream means another manifest by the tag. */
    CompletionStage<Boolean> recordTag(ImageReference tag, Manifest manifest);

    /** True if a blob can be served to the repository without a request to its upstream. */
    boolean isCached(Repository repository, Digest blob);

    /** Returns the content of a blob, which may be in flight; the caller closes it. */
    CompletionStage<BlobSource> blob(Repository repository, Digest blob);

    /** Completes when no download of the blob is in flight; never fails. */
    CompletionStage<Void> completion(Repository repository, Digest blob);

    /** Returns the referrers of a manifest. */
    CompletionStage<ListResult<ReferrerList>> referrers(Repository repository, Digest subject);
}
