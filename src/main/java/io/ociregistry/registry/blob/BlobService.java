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
import io.ociregistry.registry.catalog.ContentIndex;
import io.ociregistry.registry.catalog.RecordWatcher;
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
 * The blobs of the pull-through cache: which repository may have which, from the store if it is there, and how it comes there else.
 *
 * <p>That bytes are here gives no repository a right to them (ADR 8): its manifests have to name them, or its upstream to confirm that it
 * has them.
 */
public final class BlobService implements AutoCloseable {
    private final ContentIndex catalog;
    private final RecordWatcher discovery;
    private final BlobRights proofs;
    private final BlobStore store;
    private final Downloads downloads;
    private final RangeFetcher parts;
    private final Upstreams upstreams;
    private final Executor disk;
    private final NegativeCache<BlobKey> missing;
    private final Supplier<RuntimeConfig> rules;
    private final boolean airGapped;
    private final ManifestAsBlobCheck guard;
    private final SingleFlight<BlobKey, OptionalLong> heads = new SingleFlight<>();
    private final SingleFlight<BlobKey, OptionalLong> sizes = new SingleFlight<>();

    /** Those of a store; {@code disk} checks files that nobody verified. */
    public BlobService(
            RecordWatcher discovery,
            ConfirmedLinks links,
            BlobStore store,
            Upstreams upstreams,
            Executor disk,
            Supplier<RuntimeConfig> rules) {
        this.catalog = discovery.index();
        this.discovery = discovery;
        this.rules = rules;
        this.proofs = new BlobRights(catalog, links, () -> rules.get().trust());
        this.store = store;
        this.downloads = new Downloads(store);
        this.parts = new RangeFetcher(store, () -> rules.get().patience());
        this.upstreams = upstreams;
        this.disk = disk;
        this.guard = new ManifestAsBlobCheck(catalog, () -> rules.get().trust());
        ServerConfig config = rules.get().config();
        this.missing = new NegativeCache<>(config.cache().negativeTtl(), Ticker.systemTicker());
        this.airGapped = config.airGapped();
    }

    /** Goes on by another configuration: what was not to be had may be now. */
    public void reload(ServerConfig config) {
        missing.begin(config.cache().negativeTtl());
    }

    /** Those that are arriving just now. */
    public List<ArrivingBlob> arriving() {
        return downloads.arriving();
    }

    /** Done once nobody receives that blob for the repository's registry. */
    public CompletionStage<Void> over(Repository repository, Digest digest) {
        return downloads.over(from(repository, digest));
    }

    /** The content of a blob, as far as it is there; the caller closes it. */
    public CompletionStage<BlobSource> get(Repository repository, Digest digest, Priority priority) {
        return Futures.failing(() -> discovery.whenReady(() -> {
            guard.checkKnown(repository, digest);
            if (catalog.hasBlob(repository, digest)) {
                return linkedBlob(repository, digest, priority);
            }
            if (proofs.isArriving(new BlobKey(repository, digest))) {
                return fetch(repository, digest, priority);
            }
            boolean here = store.contains(digest) && proofs.isWordEnough(repository, digest);
            return here || downloads.isArriving(from(repository, digest))
                    ? confirm(repository, digest, priority)
                            .thenCompose(size -> confirmedBlob(repository, digest, priority))
                    : fetchUnlinked(repository, digest, priority);
        }));
    }

    /** Where the upstream's word is not enough, what it is sending to another of its repositories is shown, and nothing else. */
    private CompletionStage<BlobSource> confirmedBlob(Repository repository, Digest digest, Priority priority) {
        return catalog.hasBlob(repository, digest)
                ? linkedBlob(repository, digest, priority)
                : transfer(repository, digest, priority);
    }

    private CompletionStage<BlobSource> fetchUnlinked(Repository repository, Digest digest, Priority priority) {
        missing.check(new BlobKey(repository, digest));
        return guard.checked(upstream(repository, digest), repository, digest)
                .thenCompose(blob -> fetch(repository, blob, priority));
    }

    /**
     * The same for a client that wants a part. What begins far behind what has arrived is fetched by itself, so that who reads the end first,
     * as lazy pullers do, does not wait for all before it.
     */
    public CompletionStage<BlobSource> get(Repository repository, Digest digest, RequestedRange wanted) {
        return get(repository, digest, Priority.CLIENT).thenCompose(source -> {
            Optional<RequestedRange.Part> part =
                    source.size().isPresent() ? wanted.of(source.size().getAsLong()) : Optional.empty();
            boolean isArriving = downloads.isArriving(from(repository, digest));
            return part.isPresent() && isArriving
                    ? parts.fetch(upstream(repository, digest), repository, source, part.get())
                    : CompletableFuture.completedStage(source);
        });
    }

    /** The size of a blob without its content; empty if it exists but nobody tells its size. */
    public CompletionStage<OptionalLong> size(Repository repository, Digest digest) {
        return Futures.failing(() -> discovery.whenReady(() -> {
            guard.checkKnown(repository, digest);
            OptionalLong size = knownSize(repository, digest);
            return size.isPresent()
                    ? CompletableFuture.completedStage(size)
                    : confirm(repository, digest, Priority.CLIENT)
                            .thenCompose(told -> told.isPresent()
                                    ? CompletableFuture.completedStage(told)
                                    : sizeByGet(upstream(repository, digest), new BlobKey(repository, digest)));
        }));
    }

    /** The blob is there, whatever comes of this: an answer to HEAD may leave its size out (RFC 9110 section 8.6). */
    private CompletionStage<OptionalLong> sizeByGet(Upstream upstream, BlobKey blob) {
        return sizes.join(
                        blob,
                        upstream.metadata(Priority.CLIENT),
                        () -> upstream.blobSize(blob.repository().name(), blob.digest()))
                .exceptionally(unknown -> OptionalLong.empty());
    }

    private OptionalLong knownSize(Repository repository, Digest digest) {
        boolean here = store.mayHave(digest, catalog.blobSize(repository, digest));
        OptionalLong stored = here ? store.size(digest) : OptionalLong.empty();
        boolean linked = catalog.hasBlob(repository, digest);
        if (linked && stored.isPresent()) {
            return stored;
        }
        return linked || proofs.isArriving(new BlobKey(repository, digest))
                ? downloads.arrivingSize(from(repository, digest))
                : OptionalLong.empty();
    }

    private CompletionStage<BlobSource> linkedBlob(Repository repository, Digest digest, Priority priority) {
        return stored(repository, digest).thenCompose(stored -> {
            // Looked at again: what another registry brought in just now was linked to that one before it was there.
            if (stored.isPresent() && catalog.hasBlob(repository, digest)) {
                return CompletableFuture.completedStage(stored.get());
            }
            stored.ifPresent(BlobSource::close);
            Optional<String> unreadable = stored.isPresent() ? Optional.empty() : store.unreadable(digest);
            return UnreadableContent.orFailure(Futures.failing(() -> fetch(repository, digest, priority)), unreadable);
        });
    }

    /** What the store has of that blob; empty too if it can't be opened, or has just gone. */
    private CompletionStage<Optional<BlobSource>> stored(Repository repository, Digest digest) {
        Optional<BlobSource> stored = store.open(digest);
        if (stored.isPresent() || !store.mayHave(digest, catalog.blobSize(repository, digest))) {
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

    /** From the repository's own registry, whoever asked that for it; or from the store, if this may share what is there. */
    private CompletionStage<BlobSource> transfer(Repository repository, Digest digest, Priority priority) {
        Upstream upstream = upstream(repository, digest);
        Downloads.Key key = from(repository, digest);
        BlobKey blob = new BlobKey(repository, digest);
        if (!downloads.isArriving(key)) {
            missing.check(blob);
            upstream.check(RequestKind.BLOB);
        }
        OptionalLong size = catalog.blobSize(repository, digest);
        BlobFetch fetch = new BlobFetch(store, upstream, blob, size, proofs, timeouts());
        return downloads.join(
                key,
                upstream.blobs(priority),
                started -> missing.noting(blob, () -> {
                    fetch.run(started);
                    return blob;
                }),
                () -> catalog.hasBlob(repository, digest) || proofs.isWordEnough(repository, digest));
    }

    /** What another repository's request brought in, or is bringing in, is not this one's before its own upstream says so. */
    private CompletionStage<BlobSource> confirmedFor(
            Repository repository, Digest digest, BlobSource source, Priority priority) {
        if (catalog.hasBlob(repository, digest) || proofs.isArriving(new BlobKey(repository, digest))) {
            return CompletableFuture.completedStage(source);
        }
        return Futures.failing(() -> confirm(repository, digest, priority)).handle((size, failure) -> {
            if (failure != null) {
                source.close();
                throw failure instanceof CompletionException wrapped ? wrapped : new CompletionException(failure);
            }
            return source;
        });
    }

    private Timeouts timeouts() {
        return rules.get().config().timeouts();
    }

    private static Downloads.Key from(Repository repository, Digest digest) {
        return new Downloads.Key(digest, Optional.of(repository.registry()));
    }

    /** Asks the upstream whether that repository has the blob, which is a proof where its word is enough; tells its size. */
    private CompletionStage<OptionalLong> confirm(Repository repository, Digest digest, Priority priority) {
        Upstream upstream = upstream(repository, digest);
        BlobKey key = new BlobKey(repository, digest);
        missing.check(key);
        upstream.check(RequestKind.OTHER);
        return heads.join(key, upstream.metadata(priority), () -> {
            OptionalLong size = missing.noting(key, () -> {
                guard.check(upstream, repository, digest);
                return head(upstream, key);
            });
            OptionalLong named = catalog.blobSize(repository, digest);
            return named.isPresent() ? named : size;
        });
    }

    private OptionalLong head(Upstream upstream, BlobKey key) {
        try {
            OptionalLong size =
                    upstream.headBlob(key.repository().name(), key.digest()).size();
            proofs.said(key);
            return size;
        } catch (RegistryException e) {
            OptionalLong told = catalog.blobSize(key.repository(), key.digest());
            boolean known = catalog.hasBlob(key.repository(), key.digest());
            if (known && e.code() == ErrorCode.DENIED && told.isPresent()) {
                // Presigned URLs are often signed for GET alone; the manifest tells the size too. But a no confirms
                // nothing.
                return told;
            }
            throw e;
        }
    }

    private Upstream upstream(Repository repository, Digest digest) {
        if (airGapped) {
            throw AirGapMessages.notCached(
                    ErrorCode.BLOB_UNKNOWN, "blob " + repository + "@" + digest + " is", store.unreadable(digest));
        }
        return upstreams.get(repository.registry());
    }

    @Override
    public void close() {
        parts.close();
    }
}
