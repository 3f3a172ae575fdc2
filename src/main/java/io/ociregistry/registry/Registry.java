package io.ociregistry.registry;

import io.ociregistry.common.Futures;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.ReferrerList;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.blob.BlobService;
import io.ociregistry.registry.blob.RequestedRange;
import io.ociregistry.registry.content.Prefetch;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.list.ListPage;
import io.ociregistry.registry.list.ListResult;
import io.ociregistry.registry.list.Listings;
import io.ociregistry.registry.load.LoadSource;
import io.ociregistry.registry.manifest.ManifestResult;
import io.ociregistry.registry.manifest.ManifestService;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.upstream.Priority;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * The pull-through cache: returns content from the store, and on a miss fetches it from its upstream into the store.
 *
 * <p>No method blocks. A hit is complete when it is returned; it takes no lock, writes nothing and asks no upstream.
 * Otherwise an executor of the upstream does the work once for all concurrent requests. The work continues if their
 * clients leave. Stages fail with {@link RegistryException}. Thread-safe; closing it ends the prefetch and the range
 * requests in flight.
 */
public final class Registry implements AutoCloseable {
    private final ManifestService manifests;
    private final BlobService blobs;
    private final ContentIndex index;
    private final BlobStore store;
    private final Optional<Prefetch> prefetch;

    /** Owns and closes the prefetch. Without a prefetch, blobs are fetched only on request. */
    Registry(
            ManifestService manifests,
            BlobService blobs,
            ContentIndex index,
            BlobStore store,
            Optional<Prefetch> prefetch) {
        this.manifests = manifests;
        this.blobs = blobs;
        this.index = index;
        this.store = store;
        this.prefetch = prefetch;
    }

    /** Applies a reload: forgets which content was missing or refused, because the upstreams may have changed. */
    void reload(ServerConfig config) {
        blobs.reload(config);
        manifests.reload(config);
        prefetch.ifPresent(Prefetch::forgetRefusals);
    }

    /** Returns the manifest of a tag or digest. */
    public CompletionStage<ManifestResult> manifest(ImageReference name) {
        return Futures.captureFailure(() -> manifests.get(name));
    }

    /** Starts the prefetch of an image after a client got its manifest. */
    public void prefetch(Repository repository, Manifest manifest) {
        prefetch.ifPresent(active -> active.manifestFetched(repository, manifest));
    }

    /** Forgets that pruned images were fetched completely. */
    void forget(Set<ImageReference> images) {
        prefetch.ifPresent(active -> active.forget(images));
    }

    /** Resumes the downloads that a stop or a crash interrupted. */
    void resumeInterrupted() {
        prefetch.ifPresent(Prefetch::start);
    }

    /** Returns the content of a blob, which may be in flight; the caller closes it. */
    public CompletionStage<BlobSource> blob(Repository repository, Digest digest) {
        return blobs.get(repository, digest, Priority.CLIENT);
    }

    /**
     * Returns the content of a blob for a range request; the caller closes it.
     *
     * <p>A range that starts far behind the bytes that have arrived is fetched by a request of its own. So a client
     * that reads the end first, such as a lazy puller, does not wait for the bytes before it.
     */
    public CompletionStage<BlobSource> blob(Repository repository, Digest digest, RequestedRange wanted) {
        return blobs.get(repository, digest, wanted);
    }

    /** Returns the size of a blob; empty if the blob exists but its size is unknown. */
    public CompletionStage<OptionalLong> blobSize(Repository repository, Digest digest) {
        return blobs.size(repository, digest);
    }

    @Override
    public void close() {
        prefetch.ifPresent(Prefetch::close);
        blobs.close();
    }

    /** Returns the source for loads of images; its requests have lower priority than those of clients. */
    public LoadSource loadSource(Listings listings) {
        return new PullThroughSource(listings);
    }

    private final class PullThroughSource implements LoadSource {
        private final Listings listings;

        PullThroughSource(Listings listings) {
            this.listings = listings;
        }

        @Override
        public Optional<Manifest> cached(ImageReference name) {
            return manifests.cached(name);
        }

        @Override
        public CompletionStage<ManifestResult> manifest(ImageReference name) {
            return Futures.captureFailure(() -> manifests.find(name, Priority.PREFETCH));
        }

        @Override
        public CompletionStage<Boolean> recordTag(ImageReference tag, Manifest manifest) {
            return Futures.captureFailure(() -> manifests.addTag(tag, manifest, Priority.PREFETCH));
        }

        @Override
        public boolean isCached(Repository repository, Digest blob) {
            return store.mayContain(blob, index.blobSize(repository, blob)) && index.hasBlob(repository, blob);
        }

        @Override
        public CompletionStage<BlobSource> blob(Repository repository, Digest blob) {
            return blobs.get(repository, blob, Priority.PREFETCH);
        }

        @Override
        public CompletionStage<Void> completion(Repository repository, Digest blob) {
            return blobs.completion(repository, blob);
        }

        @Override
        public CompletionStage<ListResult<ReferrerList>> referrers(Repository repository, Digest subject) {
            return listings.referrers(repository, subject, ListPage.ALL);
        }
    }
}
