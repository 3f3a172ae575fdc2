package io.ociregistry.registry;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.blob.BlobService;
import io.ociregistry.registry.content.Prefetch;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.manifest.ManifestService;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.InterruptedDownload;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.upstream.Priority;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Gives a prefetch the manifests and blobs of the running registry, at a lower priority than clients. */
final class PrefetchSource implements Prefetch.Source {
    private final ManifestService manifests;
    private final BlobService blobs;
    private final ContentIndex index;
    private final BlobStore store;
    private final Supplier<RuntimeConfig> config;

    PrefetchSource(
            ManifestService manifests,
            BlobService blobs,
            ContentIndex index,
            BlobStore store,
            Supplier<RuntimeConfig> config) {
        this.manifests = manifests;
        this.blobs = blobs;
        this.index = index;
        this.store = store;
        this.config = config;
    }

    @Override
    public boolean isEnabled() {
        return config.get().config().prefetch();
    }

    @Override
    public Duration interval() {
        return config.get().config().timeouts().stall().multipliedBy(2);
    }

    @Override
    public Optional<Manifest> manifest(ImageReference image) {
        return manifests.cached(image);
    }

    @Override
    public boolean isCached(Repository repository, Digest blob) {
        return store.contains(blob) && index.hasBlob(repository, blob);
    }

    @Override
    public boolean hasSpace(Repository repository, Digest blob) {
        return store.canStore(index.blobSize(repository, blob));
    }

    @Override
    public CompletionStage<BlobSource> fetch(Repository repository, Digest blob) {
        return blobs.get(repository, blob, Priority.PREFETCH);
    }

    @Override
    public List<InterruptedDownload> interrupted() {
        return store.interrupted();
    }
}
