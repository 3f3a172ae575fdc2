package io.ociregistry.registry;

import io.ociregistry.common.Futures;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.blob.BlobResult;
import io.ociregistry.registry.blob.BlobService;
import io.ociregistry.registry.blob.RequestedRange;
import io.ociregistry.registry.content.Prefetch;
import io.ociregistry.registry.manifest.ManifestResult;
import io.ociregistry.registry.manifest.ManifestService;
import io.ociregistry.store.BlobSource;
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
    private final Optional<Prefetch> prefetch;

    /** Owns and closes the prefetch. Without a prefetch, blobs are fetched only on request. */
    Registry(ManifestService manifests, BlobService blobs, Optional<Prefetch> prefetch) {
        this.manifests = manifests;
        this.blobs = blobs;
        this.prefetch = prefetch;
    }

    /** Applies a reload: forgets which content was missing or refused, because the upstreams may have changed. */
    void reload(ServerConfig config) {
        blobs.reload(config);
        manifests.reload(config);
        prefetch.ifPresent(Prefetch::forgetRefusals);
    }

    /**
     * Returns the manifest of a tag or digest if it is a hit: cached, in memory, and fresh. Never blocks, so that a
     * caller on a selector thread can use it; for every other case call {@link #manifest}, which starts with it.
     */
    public Optional<ManifestResult> cachedManifest(ImageReference name) {
        return manifests.getCached(name);
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

    /**
     * Returns the content of a blob if it is a hit: stored, verified, and linked to the repository. The caller closes
     * it. Never blocks, so that a caller on a selector thread can use it; for every other case call {@link #blob},
     * which starts with it.
     */
    public Optional<BlobSource> cachedBlob(Repository repository, Digest digest) {
        return blobs.cached(repository, digest);
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
    public CompletionStage<BlobResult> blob(Repository repository, Digest digest, RequestedRange wanted) {
        return blobs.get(repository, digest, wanted);
    }

    /** Returns the size of a blob that is a hit or in flight for the repository; otherwise empty. Never blocks. */
    public OptionalLong cachedBlobSize(Repository repository, Digest digest) {
        return blobs.cachedSize(repository, digest);
    }

    /** Returns the size of a blob. */
    public CompletionStage<BlobResult.Size> blobSize(Repository repository, Digest digest) {
        return blobs.size(repository, digest);
    }

    @Override
    public void close() {
        prefetch.ifPresent(Prefetch::close);
        blobs.close();
    }
}
