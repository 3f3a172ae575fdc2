package io.ociregistry.registry.blob;

import com.github.benmanes.caffeine.cache.Ticker;
import io.ociregistry.common.Futures;
import io.ociregistry.common.SingleFlight;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.model.Timeouts;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.index.RecordWatcher;
import io.ociregistry.registry.manifest.ManifestAsBlobCheck;
import io.ociregistry.registry.policy.AirGapMessages;
import io.ociregistry.registry.policy.NegativeCache;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.registry.policy.UnreadableContent;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.blob.ConfirmedLinks;
import io.ociregistry.upstream.Priority;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.Upstreams;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Blobs of the pull-through cache: access check, store lookup, and download from the upstream on a miss;
 * thread-safe.
 *
 * <p>A repository may show stored bytes only if it has a link to them (ADR 8): its manifests name the blob, or its
 * upstream confirmed that it has the blob. No method blocks; stages fail with {@link RegistryException}.
 */
public final class BlobService implements AutoCloseable {
    private final ContentIndex index;
    private final RecordWatcher watcher;
    private final BlobAccess rights;
    private final BlobStore store;
    private final Downloads downloads;
    private final RangeFetcher ranges;
    private final Upstreams upstreams;
    private final Executor disk;
    private final NegativeCache<BlobKey> negativeCache;
    private final Supplier<RuntimeConfig> config;
    private final boolean airGapped;
    private final ManifestAsBlobCheck manifestCheck;
    private final SingleFlight<BlobKey, OptionalLong> heads = new SingleFlight<>();
    private final SingleFlight<BlobKey, OptionalLong> sizes = new SingleFlight<>();

    /**
     * Creates the service for one store.
     *
     * @param disk runs the hashing of stored files that are not in the verified index
     */
    public BlobService(
            RecordWatcher watcher,
            ConfirmedLinks links,
            BlobStore store,
            Upstreams upstreams,
            Executor disk,
            Supplier<RuntimeConfig> config) {
        this.index = watcher.index();
        this.watcher = watcher;
        this.config = config;
        this.rights = new BlobAccess(index, links, () -> config.get().trust());
        this.store = store;
        this.downloads = new Downloads(store);
        this.ranges = new RangeFetcher(store, () -> config.get().fallbackTimeout());
        this.upstreams = upstreams;
        this.disk = disk;
        this.manifestCheck = new ManifestAsBlobCheck(index, () -> config.get().trust());
        ServerConfig initial = config.get().config();
        this.negativeCache = new NegativeCache<>(initial.cache().negativeTtl(), Ticker.systemTicker());
        this.airGapped = initial.airGapped();
    }

    /** Applies a changed configuration; clears the negative cache, because changed upstreams may have the blobs. */
    public void reload(ServerConfig config) {
        negativeCache.reset(config.cache().negativeTtl());
    }

    /** Returns the blobs that are being downloaded. */
    public List<InFlightBlob> inFlight() {
        return downloads.inFlight();
    }

    /** Completes when no download of this blob from the repository's registry is in flight any more. */
    public CompletionStage<Void> completion(Repository repository, Digest digest) {
        return downloads.completion(downloadKey(repository, digest));
    }

    /** Returns a reader of a blob, stored or in flight; the caller closes it. */
    public CompletionStage<BlobSource> get(Repository repository, Digest digest, Priority priority) {
        return Futures.captureFailure(() -> watcher.whenReady(() -> {
            manifestCheck.checkKnown(repository, digest);
            if (index.hasBlob(repository, digest)) {
                return linkedBlob(repository, digest, priority);
            }
            if (rights.isInFlight(new BlobKey(repository, digest))) {
                return fetch(repository, digest, priority);
            }
            boolean isStored = store.contains(digest) && rights.isTrustedToConfirm(repository, digest);
            return isStored || downloads.isInFlight(downloadKey(repository, digest))
                    ? confirm(repository, digest, priority)
                            .thenCompose(size -> confirmedBlob(repository, digest, priority))
                    : fetchUnlinked(repository, digest, priority);
        }));
    }

    /**
     * Returns a blob after its upstream confirmed it by HEAD. If that answer is not trusted and gave no link, the
     * repository gets the bytes from a download of its own registry only, not from the store.
     */
    private CompletionStage<BlobSource> confirmedBlob(Repository repository, Digest digest, Priority priority) {
        return index.hasBlob(repository, digest)
                ? linkedBlob(repository, digest, priority)
                : transfer(repository, digest, priority);
    }

    private CompletionStage<BlobSource> fetchUnlinked(Repository repository, Digest digest, Priority priority) {
        negativeCache.check(new BlobKey(repository, digest));
        return manifestCheck
                .checkAsync(upstream(repository, digest), repository, digest)
                .thenCompose(blob -> fetch(repository, blob, priority));
    }

    /**
     * Returns a reader for a client that wants one range of the blob. A range that starts far behind the bytes
     * received so far is requested on its own, so that a lazy puller that reads the end first does not wait for all
     * bytes before it.
     */
    public CompletionStage<BlobSource> get(Repository repository, Digest digest, RequestedRange range) {
        return get(repository, digest, Priority.CLIENT).thenCompose(source -> {
            Optional<RequestedRange.Range> part =
                    source.size().isPresent() ? range.resolve(source.size().getAsLong()) : Optional.empty();
            boolean isInFlight = downloads.isInFlight(downloadKey(repository, digest));
            return part.isPresent() && isInFlight
                    ? ranges.fetch(upstream(repository, digest), repository, source, part.get())
                    : CompletableFuture.completedStage(source);
        });
    }

    /** Returns the size of a blob without its content; empty if the blob exists and its size is unknown. */
    public CompletionStage<OptionalLong> size(Repository repository, Digest digest) {
        return Futures.captureFailure(() -> watcher.whenReady(() -> {
            manifestCheck.checkKnown(repository, digest);
            OptionalLong size = knownSize(repository, digest);
            return size.isPresent()
                    ? CompletableFuture.completedStage(size)
                    : confirm(repository, digest, Priority.CLIENT)
                            .thenCompose(confirmed -> confirmed.isPresent()
                                    ? CompletableFuture.completedStage(confirmed)
                                    : sizeByGet(upstream(repository, digest), new BlobKey(repository, digest)));
        }));
    }

    /**
     * Learns a size by GET of one byte, because a HEAD answer may omit the size (RFC 9110 section 8.6). A failure
     * gives an empty size, since the HEAD answer has already confirmed that the blob exists.
     */
    private CompletionStage<OptionalLong> sizeByGet(Upstream upstream, BlobKey blob) {
        return sizes.join(
                        blob,
                        upstream.metadata(Priority.CLIENT),
                        () -> upstream.blobSize(blob.repository().name(), blob.digest()))
                .exceptionally(unknown -> OptionalLong.empty());
    }

    private OptionalLong knownSize(Repository repository, Digest digest) {
        boolean mayBeStored = store.mayContain(digest, index.blobSize(repository, digest));
        OptionalLong stored = mayBeStored ? store.size(digest) : OptionalLong.empty();
        boolean linked = index.hasBlob(repository, digest);
        if (linked && stored.isPresent()) {
            return stored;
        }
        return linked || rights.isInFlight(new BlobKey(repository, digest))
                ? downloads.sizeInFlight(downloadKey(repository, digest))
                : OptionalLong.empty();
    }

    private CompletionStage<BlobSource> linkedBlob(Repository repository, Digest digest, Priority priority) {
        return stored(repository, digest).thenCompose(stored -> {
            // Checked again: if another registry confirmed the blob since, a name in a manifest gives no right to it.
            if (stored.isPresent() && index.hasBlob(repository, digest)) {
                return CompletableFuture.completedStage(stored.get());
            }
            stored.ifPresent(BlobSource::close);
            Optional<String> unreadable = stored.isPresent() ? Optional.empty() : store.unreadableReason(digest);
            return UnreadableContent.explainFailure(
                    Futures.captureFailure(() -> fetch(repository, digest, priority)), unreadable);
        });
    }

    /** Opens a stored blob, which is verified first if necessary; empty if there is none or it can't be opened. */
    private CompletionStage<Optional<BlobSource>> stored(Repository repository, Digest digest) {
        Optional<BlobSource> stored = store.open(digest);
        if (stored.isPresent() || !store.mayContain(digest, index.blobSize(repository, digest))) {
            return CompletableFuture.completedStage(stored);
        }
        return downloads
                .join(new Downloads.Key(digest, Optional.empty()), disk, new FileVerification(store, digest))
                .<Optional<BlobSource>>thenApply(Optional::of)
                .exceptionally(unopened -> Optional.empty());
    }

    private CompletionStage<BlobSource> fetch(Repository repository, Digest digest, Priority priority) {
        return transfer(repository, digest, priority)
                .thenCompose(source -> confirmedFor(repository, digest, source, priority));
    }

    /**
     * Joins or starts the download of a blob from the repository's own registry; the store is used instead if it
     * has the blob and the repository has a link to it or a trusted upstream.
     */
    private CompletionStage<BlobSource> transfer(Repository repository, Digest digest, Priority priority) {
        Upstream upstream = upstream(repository, digest);
        Downloads.Key key = downloadKey(repository, digest);
        BlobKey blob = new BlobKey(repository, digest);
        if (!downloads.isInFlight(key)) {
            negativeCache.check(blob);
            upstream.check(RequestKind.BLOB);
        }
        OptionalLong size = index.blobSize(repository, digest);
        BlobFetch fetch = new BlobFetch(store, upstream, blob, size, rights, timeouts());
        return downloads.join(
                key,
                upstream.blobs(priority),
                started -> negativeCache.recordMiss(blob, () -> {
                    fetch.run(started);
                    return blob;
                }),
                () -> index.hasBlob(repository, digest) || rights.isTrustedToConfirm(repository, digest));
    }

    /**
     * Returns the source once this repository's upstream has confirmed the blob, because another repository may have
     * started the download.
     */
    private CompletionStage<BlobSource> confirmedFor(
            Repository repository, Digest digest, BlobSource source, Priority priority) {
        if (index.hasBlob(repository, digest) || rights.isInFlight(new BlobKey(repository, digest))) {
            return CompletableFuture.completedStage(source);
        }
        return Futures.captureFailure(() -> confirm(repository, digest, priority))
                .handle((size, failure) -> {
                    if (failure != null) {
                        source.close();
                        throw failure instanceof CompletionException wrapped
                                ? wrapped
                                : new CompletionException(failure);
                    }
                    return source;
                });
    }

    private Timeouts timeouts() {
        return config.get().config().timeouts();
    }

    private static Downloads.Key downloadKey(Repository repository, Digest digest) {
        return new Downloads.Key(digest, Optional.of(repository.registry()));
    }

    /**
     * Asks the upstream by HEAD whether the repository has the blob, and returns the size. A trusted answer gives the
     * repository a link to the blob.
     */
    private CompletionStage<OptionalLong> confirm(Repository repository, Digest digest, Priority priority) {
        Upstream upstream = upstream(repository, digest);
        BlobKey key = new BlobKey(repository, digest);
        negativeCache.check(key);
        upstream.check(RequestKind.OTHER);
        return heads.join(key, upstream.metadata(priority), () -> {
            OptionalLong size = negativeCache.recordMiss(key, () -> {
                manifestCheck.check(upstream, repository, digest);
                return head(upstream, key);
            });
            OptionalLong listed = index.blobSize(repository, digest);
            return listed.isPresent() ? listed : size;
        });
    }

    private OptionalLong head(Upstream upstream, BlobKey key) {
        try {
            OptionalLong size =
                    upstream.headBlob(key.repository().name(), key.digest()).size();
            rights.confirmedByHead(key);
            return size;
        } catch (RegistryException e) {
            OptionalLong listed = index.blobSize(key.repository(), key.digest());
            boolean isLinked = index.hasBlob(key.repository(), key.digest());
            if (isLinked && e.code() == ErrorCode.DENIED && listed.isPresent()) {
                // A storage server refuses HEAD for a presigned URL that is signed for GET only. The manifest has the
                // size too, but a refusal confirms no link.
                return listed;
            }
            throw e;
        }
    }

    private Upstream upstream(Repository repository, Digest digest) {
        if (airGapped) {
            throw AirGapMessages.notCached(
                    ErrorCode.BLOB_UNKNOWN,
                    "blob " + repository + "@" + digest + " is",
                    store.unreadableReason(digest));
        }
        return upstreams.get(repository.registry());
    }

    @Override
    public void close() {
        ranges.close();
    }
}
