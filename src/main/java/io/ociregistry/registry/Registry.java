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
import io.ociregistry.registry.blob.Prefetch;
import io.ociregistry.registry.blob.RequestedRange;
import io.ociregistry.registry.catalog.ContentIndex;
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
 * The pull-through cache: what is asked for, from the store if it is there, else from its upstream into the store.
 *
 * <p>Nothing here waits. A stage that is complete when it is returned was answered from the store: no lock was waited for, nothing written,
 * nobody called. Else an upstream's executor works on it, once however many ask, and goes on if they leave. Stages fail with
 * {@link RegistryException}.
 */
public final class Registry implements AutoCloseable {
    private final ManifestService manifests;
    private final BlobService blobs;
    private final ContentIndex catalog;
    private final BlobStore store;
    private final Optional<Prefetch> prefetch;

    /** Closes the prefetch; without one, nothing is fetched before a client asks for it. */
    Registry(
            ManifestService manifests,
            BlobService blobs,
            ContentIndex catalog,
            BlobStore store,
            Optional<Prefetch> prefetch) {
        this.manifests = manifests;
        this.blobs = blobs;
        this.catalog = catalog;
        this.store = store;
        this.prefetch = prefetch;
    }

    /** Goes on by another configuration: what was not to be had may be now. */
    void reload(ServerConfig config) {
        blobs.reload(config);
        manifests.reload(config);
        prefetch.ifPresent(Prefetch::forgetRefusals);
    }

    /** The manifest that a name means. */
    public CompletionStage<ManifestResult> manifest(ImageReference name) {
        return Futures.failing(() -> manifests.get(name));
    }

    /** A client was sent that manifest, and will want what it names. */
    public void delivered(Repository repository, Manifest manifest) {
        prefetch.ifPresent(active -> active.fetched(repository, manifest));
    }

    /** Those images were pruned. */
    void forget(Set<ImageReference> images) {
        prefetch.ifPresent(active -> active.forget(images));
    }

    /** Goes on with fetches that a stop or a crash interrupted. */
    void resumeInterrupted() {
        prefetch.ifPresent(Prefetch::goOn);
    }

    /** The content of a blob, as far as it is there; the caller closes it. */
    public CompletionStage<BlobSource> blob(Repository repository, Digest digest) {
        return blobs.get(repository, digest, Priority.CLIENT);
    }

    /**
     * The same for a client that wants a part. What begins far behind what has arrived is fetched by itself, so that who reads the end first,
     * as lazy pullers do, does not wait for all before it.
     */
    public CompletionStage<BlobSource> blob(Repository repository, Digest digest, RequestedRange wanted) {
        return blobs.get(repository, digest, wanted);
    }

    /** The size of a blob without its content; empty if it exists but nobody tells its size. */
    public CompletionStage<OptionalLong> blobSize(Repository repository, Digest digest) {
        return blobs.size(repository, digest);
    }

    @Override
    public void close() {
        prefetch.ifPresent(Prefetch::close);
        blobs.close();
    }

    /** This registry, as what is loaded comes from it. */
    public LoadSource loadSource(Listings listings) {
        return new ForLoads(listings);
    }

    /** This registry, for loads: they wait behind clients, as what is prefetched does. */
    private final class ForLoads implements LoadSource {
        private final Listings listings;

        ForLoads(Listings listings) {
            this.listings = listings;
        }

        @Override
        public Optional<Manifest> cached(ImageReference name) {
            return manifests.cached(name);
        }

        @Override
        public CompletionStage<ManifestResult> manifest(ImageReference name) {
            return Futures.failing(() -> manifests.find(name, Priority.PREFETCH));
        }

        @Override
        public CompletionStage<Boolean> name(ImageReference tag, Manifest manifest) {
            return Futures.failing(() -> manifests.name(tag, manifest, Priority.PREFETCH));
        }

        @Override
        public boolean isHere(Repository repository, Digest blob) {
            return store.mayHave(blob, catalog.blobSize(repository, blob)) && catalog.hasBlob(repository, blob);
        }

        @Override
        public CompletionStage<BlobSource> blob(Repository repository, Digest blob) {
            return blobs.get(repository, blob, Priority.PREFETCH);
        }

        @Override
        public CompletionStage<Void> over(Repository repository, Digest blob) {
            return blobs.over(repository, blob);
        }

        @Override
        public CompletionStage<ListResult<ReferrerList>> referrers(Repository repository, Digest subject) {
            return listings.referrers(repository, subject, ListPage.ALL);
        }
    }
}
