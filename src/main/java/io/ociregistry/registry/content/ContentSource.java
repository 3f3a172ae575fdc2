package io.ociregistry.registry.content;

import io.ociregistry.common.Futures;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.ReferrerList;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.blob.BlobService;
import io.ociregistry.registry.list.ListPage;
import io.ociregistry.registry.list.ListResult;
import io.ociregistry.registry.list.Listings;
import io.ociregistry.registry.manifest.ManifestResult;
import io.ociregistry.registry.manifest.ManifestService;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.BlobStore.InterruptedDownload;
import io.ociregistry.upstream.Priority;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The content of a running registry for prefetch, loads and repairs: cached, or fetched with a lower priority than for
 * clients. Stages fail with {@link io.ociregistry.oci.RegistryException}. Thread-safe.
 */
public final class ContentSource {
    private final ManifestService manifests;
    private final BlobService blobs;
    private final Listings listings;

    public ContentSource(ManifestService manifests, BlobService blobs, Listings listings) {
        this.manifests = manifests;
        this.blobs = blobs;
        this.listings = listings;
    }

    /** Returns the cached manifest of a name; sends no request. */
    public Optional<Manifest> cached(ImageReference name) {
        return manifests.cached(name);
    }

    /** Returns the manifest of a name, as a client would get it. */
    public CompletionStage<ManifestResult> manifest(ImageReference name) {
        return Futures.captureFailure(() -> manifests.find(name, Priority.PREFETCH));
    }

    /** Returns the manifest of a name after its upstream said what the name means now. */
    public CompletionStage<ManifestResult> refreshed(ImageReference name) {
        return Futures.captureFailure(() -> manifests.refresh(name, Priority.PREFETCH));
    }

    /** Records a tag of a cached manifest; false if its upstream means another manifest by the tag. */
    public CompletionStage<Boolean> recordTag(ImageReference tag, Manifest manifest) {
        return Futures.captureFailure(() -> manifests.addTag(tag, manifest, Priority.PREFETCH));
    }

    /** Returns true if a blob can be served to the repository without a request to its upstream. */
    public boolean isCached(Repository repository, Digest blob) {
        return blobs.isCached(repository, blob);
    }

    /** Returns true if the store would keep the blob if it was fetched now. */
    public boolean canStore(Repository repository, Digest blob) {
        return blobs.canStore(repository, blob);
    }

    /** Returns the content of a blob, which may be in flight; the caller closes it. */
    public CompletionStage<BlobSource> blob(Repository repository, Digest blob) {
        return blobs.get(repository, blob, Priority.PREFETCH);
    }

    /** Completes when no download of the blob is in flight; never fails. */
    public CompletionStage<Void> completion(Repository repository, Digest blob) {
        return blobs.completion(repository, blob);
    }

    /** Returns the blobs that have a partial file and no download in flight. */
    public List<InterruptedDownload> interrupted() {
        return blobs.interrupted();
    }

    /** Returns the referrers of a manifest. */
    public CompletionStage<ListResult<ReferrerList>> referrers(Repository repository, Digest subject) {
        return listings.referrers(repository, subject, ListPage.ALL);
    }
}
