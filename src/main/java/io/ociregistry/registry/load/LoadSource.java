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

/** Where a load gets things from, and what is here already. Stages fail as those of the {@link Registry} do. */
public interface LoadSource {
    /** What a name means here; asks nobody. */
    Optional<Manifest> cached(ImageReference name);

    /** What a name means, as a client would be told. */
    CompletionStage<ManifestResult> manifest(ImageReference name);

    /** Gives a manifest that is here a tag too, if that is what its upstream means by it. */
    CompletionStage<Boolean> name(ImageReference tag, Manifest manifest);

    /** Whether a repository's blob can be served without asking anybody. */
    boolean isHere(Repository repository, Digest blob);

    /** Fetches a blob as for a client, but less urgently. */
    CompletionStage<BlobSource> blob(Repository repository, Digest blob);

    /** Complete when that blob is no longer on its way, whatever came of it. */
    CompletionStage<Void> over(Repository repository, Digest blob);

    /** What refers to a manifest. */
    CompletionStage<ListResult<ReferrerList>> referrers(Repository repository, Digest subject);
}
