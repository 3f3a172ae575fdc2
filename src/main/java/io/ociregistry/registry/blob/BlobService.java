package io.ociregistry.registry.blob;

import com.github.benmanes.caffeine.cache.Ticker;
import io.ociregistry.common.Futures;
import io.ociregistry.common.SingleFlight;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.model.Timeouts;
import io.ociregistry.metrics.Provenance;
import io.ociregistry.metrics.RegistryMetrics;
import io.ociregistry.metrics.RegistryMetrics.Download;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.blob.BlobAccess.BlobKey;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.index.RecordWatcher;
import io.ociregistry.registry.manifest.ManifestAsBlobCheck;
import io.ociregistry.registry.policy.AirGapMessages;
import io.ociregistry.registry.policy.NegativeCache;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.registry.policy.UnreadableContent;
import io.ociregistry.store.BlobDownload;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.BlobStore;
import io.ociregistry.store.BlobStore.InterruptedDownload;
import io.ociregistry.store.LinkStore;
import io.ociregistry.upstream.Priority;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.Upstreams;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Blobs of the pull-through cache: access check, store lookup, and download from the upstream on a miss;
 * thread-safe.
 *
 * <p>{@link BlobAccess} decides how a repository gets a blob; this class acts on the decision, and asks for another one
 * after each wait. No method blocks; stages fail with {@link RegistryException}.
 */
public final class BlobService implements AutoCloseable {
    private final ContentIndex index;
    private final RecordWatcher watcher;
    private final BlobAccess access;
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
     * A blob whose download is in flight.
     *
     * @param source the registry that sends the blob
     * @param priority the priority of the request that started it
     * @param bytes the number of bytes received so far
     * @param size the size of the whole blob; null while it is unknown
     */
    public record InFlightBlob(
            String digest,
            String source,
            Priority priority,
            long bytes,
            @Nullable Long size) {}

    /**
     * Creates the service for one store.
     *
     * @param disk runs the hashing of stored files that are not in the verified index
     */
    public BlobService(
            RecordWatcher watcher,
            LinkStore links,
            BlobStore store,
            Upstreams upstreams,
            Executor disk,
            Supplier<RuntimeConfig> config) {
        this.index = watcher.index();
        this.watcher = watcher;
        this.config = config;
        this.store = store;
        this.downloads = new Downloads();
        this.access = new BlobAccess(
                index, links, store, downloads, () -> config.get().trust(), watcher.imageNames());
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
        return downloads.completion(Downloads.Key.of(repository, digest));
    }

    /**
     * Returns a reader of a stored blob, which the caller closes; empty if the upstream has to be asked, or if a file
     * has to be hashed first. Never blocks: it opens a file and reads nothing. Every {@link #get} starts with it.
     */
    public Optional<BlobSource> cached(Repository repository, Digest digest) {
        return watcher.isReady() ? access.openLinked(repository, digest) : Optional.empty();
    }

    /** Returns true if a blob can be served to the repository without a request to its upstream. */
    public boolean isCached(Repository repository, Digest digest) {
        return access.decide(repository, digest) instanceof Decision.Stored
                && (store.isVerified(digest) || store.mayContain(digest, index.blobSize(repository, digest)));
    }

    /** Returns true if the store would keep the blob if it was fetched now. */
    public boolean canStore(Repository repository, Digest digest) {
        return store.canStore(index.blobSize(repository, digest))
                && store.unreadableReason(digest).isEmpty();
    }

    /** Returns the blobs that have a partial file and no download in flight. */
    public List<InterruptedDownload> interrupted() {
        return store.interrupted();
    }

    /** Returns a reader of a blob, stored or in flight; the caller closes it. */
    public CompletionStage<BlobSource> get(Repository repository, Digest digest, Priority priority) {
        return find(repository, digest, priority).thenApply(BlobResult::source);
    }

    private CompletionStage<BlobResult> find(Repository repository, Digest digest, Priority priority) {
        BlobKey blob = new BlobKey(repository, digest);
        return Futures.captureFailure(() -> watcher.whenReady(() -> find(blob, priority)));
    }

    private CompletionStage<BlobResult> find(BlobKey blob, Priority priority) {
        Optional<BlobSource> hit = cached(blob.repository(), blob.digest());
        return hit.isPresent()
                ? CompletableFuture.completedStage(BlobResult.stored(hit.get()))
                : findMissing(blob, priority);
    }

    private CompletionStage<BlobResult> findMissing(BlobKey blob, Priority priority) {
        Decision decision = decide(blob);
        if (decision instanceof Decision.Refuse refusal) {
            throw refusal.reason();
        }
        if (decision instanceof Decision.Stored) {
            return verify(blob, priority);
        }
        if (decision instanceof Decision.Join) {
            return fetch(blob, priority);
        }
        if (decision instanceof Decision.Confirm) {
            // Without a link after the confirmation, the answer is not trusted: the repository gets the bytes from a
            // download of its own registry only, not from the store.
            return confirm(blob, priority)
                    .thenCompose(size ->
                            decide(blob) instanceof Decision.Stored ? find(blob, priority) : transfer(blob, priority))
                    .thenApply(BlobResult::confirmed);
        }
        negativeCache.check(blob);
        return manifestCheck
                .checkAsync(upstream(blob), blob.repository(), blob.digest())
                .thenCompose(checked -> fetch(blob, priority));
    }

    private Decision decide(BlobKey blob) {
        return access.decide(blob.repository(), blob.digest());
    }

    /**
     * Returns a reader for a client that wants one range of the blob. A range that starts far behind the bytes
     * received so far is requested on its own, so that a lazy puller that reads the end first does not wait for all
     * bytes before it.
     */
    public CompletionStage<BlobResult> get(Repository repository, Digest digest, RequestedRange range) {
        return find(repository, digest, Priority.CLIENT).thenCompose(found -> {
            OptionalLong size = found.source().size();
            boolean isInFlight = downloads.isInFlight(Downloads.Key.of(repository, digest));
            Optional<RequestedRange.Range> part =
                    isInFlight && size.isPresent() ? range.resolve(size.getAsLong()) : Optional.empty();
            return part.isPresent()
                    ? ranges.fetch(upstream(new BlobKey(repository, digest)), repository, found, part.get())
                    : CompletableFuture.completedStage(found);
        });
    }

    /**
     * Returns the size of a blob that the repository may have without an answer of its upstream; empty if the upstream
     * has to be asked. Never blocks. Every {@link #size} starts with it.
     */
    public OptionalLong cachedSize(Repository repository, Digest digest) {
        if (!watcher.isReady()) {
            return OptionalLong.empty();
        }
        Decision decision = access.decide(repository, digest);
        boolean isStored =
                decision instanceof Decision.Stored && store.mayContain(digest, index.blobSize(repository, digest));
        OptionalLong stored = isStored ? store.size(digest) : OptionalLong.empty();
        return stored.isPresent() || !decision.isAllowed()
                ? stored
                : downloads.sizeInFlight(Downloads.Key.of(repository, digest));
    }

    /** Returns the size of a blob without its content. */
    public CompletionStage<BlobResult.Size> size(Repository repository, Digest digest) {
        BlobKey blob = new BlobKey(repository, digest);
        return Futures.captureFailure(() -> watcher.whenReady(() -> {
            OptionalLong known = cachedSize(repository, digest);
            return known.isPresent()
                    ? CompletableFuture.completedStage(new BlobResult.Size(known, Provenance.HIT))
                    : askedSize(blob)
                            .thenApply(size -> new BlobResult.Size(
                                    size, Provenance.miss(repository.registry().toString())));
        }));
    }

    private CompletionStage<OptionalLong> askedSize(BlobKey blob) {
        if (decide(blob) instanceof Decision.Refuse refusal) {
            throw refusal.reason();
        }
        return confirm(blob, Priority.CLIENT)
                .thenCompose(confirmed -> confirmed.isPresent()
                        ? CompletableFuture.completedStage(confirmed)
                        : sizeByGet(upstream(blob), blob));
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

    /** Hashes the stored file of a linked blob while it is read; fetches the blob if there is no such file. */
    private CompletionStage<BlobResult> verify(BlobKey blob, Priority priority) {
        Digest digest = blob.digest();
        if (!store.mayContain(digest, index.blobSize(blob.repository(), digest))) {
            return fetchUnreadable(blob, priority);
        }
        return downloads
                .join(new Downloads.Key(digest, Optional.empty()), disk, new FileVerification(store, digest))
                .<Optional<BlobResult>>thenApply(Optional::of)
                .exceptionally(unopened -> Optional.empty())
                .thenCompose(file -> {
                    // If another registry confirmed the blob since, a name in a manifest gives no right to it.
                    if (file.isPresent() && decide(blob) instanceof Decision.Stored) {
                        return CompletableFuture.completedStage(file.get());
                    }
                    file.ifPresent(found -> found.source().close());
                    return fetchUnreadable(blob, priority);
                });
    }

    /** Fetches a linked blob; a failure says whether a stored file can't be read. */
    private CompletionStage<BlobResult> fetchUnreadable(BlobKey blob, Priority priority) {
        Optional<String> unreadable = store.unreadableReason(blob.digest());
        return UnreadableContent.explainFailure(Futures.captureFailure(() -> fetch(blob, priority)), unreadable);
    }

    private CompletionStage<BlobResult> fetch(BlobKey blob, Priority priority) {
        return transfer(blob, priority).thenCompose(found -> confirmedFor(blob, found, priority));
    }

    /** Joins or starts the download of a blob from the repository's own registry. */
    private CompletionStage<BlobResult> transfer(BlobKey blob, Priority priority) {
        Upstream upstream = upstream(blob);
        Downloads.Key key = Downloads.Key.of(blob.repository(), blob.digest());
        if (!downloads.isInFlight(key)) {
            negativeCache.check(blob);
            upstream.check(RequestKind.BLOB);
        }
        OptionalLong size = index.blobSize(blob.repository(), blob.digest());
        RegistryMetrics counts = upstreams.metrics().of(blob.repository().registry());
        BlobFetch fetch = new BlobFetch(store, upstream, new BlobFetch.Target(blob, size, counts), access, timeouts());
        return downloads.join(
                key, upstream.blobs(priority), new CountedFetch(fetch, blob, negativeCache, counts, priority));
    }

    /**
     * Returns the source once this repository's upstream has confirmed the blob, because another repository may have
     * started the download.
     */
    private CompletionStage<BlobResult> confirmedFor(BlobKey blob, BlobResult found, Priority priority) {
        if (decide(blob).isAllowed()) {
            return CompletableFuture.completedStage(found);
        }
        return Futures.captureFailure(() -> confirm(blob, priority)).handle((size, failure) -> {
            if (failure != null) {
                found.source().close();
                throw Futures.completionException(failure);
            }
            return found.confirmed();
        });
    }

    private Timeouts timeouts() {
        return config.get().config().timeouts();
    }

    /**
     * Asks the upstream by HEAD whether the repository has the blob, and returns the size. A trusted answer gives the
     * repository a link to the blob.
     */
    private CompletionStage<OptionalLong> confirm(BlobKey blob, Priority priority) {
        Upstream upstream = upstream(blob);
        negativeCache.check(blob);
        upstream.check(RequestKind.OTHER);
        return heads.join(blob, upstream.metadata(priority), () -> {
            OptionalLong size = negativeCache.recordMiss(blob, () -> {
                manifestCheck.check(upstream, blob.repository(), blob.digest());
                return head(upstream, blob);
            });
            OptionalLong listed = index.blobSize(blob.repository(), blob.digest());
            return listed.isPresent() ? listed : size;
        });
    }

    private OptionalLong head(Upstream upstream, BlobKey blob) {
        try {
            OptionalLong size =
                    upstream.headBlob(blob.repository().name(), blob.digest()).size();
            access.confirmedByHead(blob);
            return size;
        } catch (RegistryException e) {
            OptionalLong listed = index.blobSize(blob.repository(), blob.digest());
            boolean isLinked = decide(blob) instanceof Decision.Stored;
            if (isLinked && e.code() == ErrorCode.DENIED && listed.isPresent()) {
                // A storage server refuses HEAD for a presigned URL that is signed for GET only. The manifest has the
                // size too, but a refusal confirms no link.
                return listed;
            }
            throw e;
        }
    }

    private Upstream upstream(BlobKey blob) {
        if (airGapped) {
            throw AirGapMessages.notCached(ErrorCode.BLOB_UNKNOWN, blob + " is", store.unreadableReason(blob.digest()));
        }
        return upstreams.get(blob.repository().registry());
    }

    /** A download that is counted, and whose 404 is kept in the negative cache. */
    private record CountedFetch(
            BlobFetch fetch,
            BlobKey blob,
            NegativeCache<BlobKey> negativeCache,
            RegistryMetrics counts,
            Priority priority)
            implements Downloads.Receiver {
        @Override
        public Optional<BlobSource> stored() {
            return fetch.stored();
        }

        @Override
        public String sender() {
            return fetch.sender();
        }

        @Override
        public void run(CompletableFuture<Optional<BlobDownload>> started) {
            long start = System.nanoTime();
            try {
                negativeCache.recordMiss(blob, () -> {
                    fetch.run(started);
                    return blob;
                });
                counts.downloadTook(System.nanoTime() - start);
                boolean isStored =
                        started.join().map(BlobDownload::isWrittenToDisk).orElse(true);
                counts.downloadEnded(isStored ? Download.STORED : Download.PASSED);
            } catch (RegistryException e) {
                // A 404 is the end of a request and not of a download, and any client can cause one.
                if (e.code() != ErrorCode.BLOB_UNKNOWN) {
                    boolean isWrong = e.code() == ErrorCode.UPSTREAM_WRONG_CONTENT;
                    counts.downloadEnded(isWrong ? Download.WRONG_DIGEST : Download.FAILED);
                }
                throw e;
            }
        }
    }

    @Override
    public void close() {
        ranges.close();
    }
}
