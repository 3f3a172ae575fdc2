package io.ociregistry.registry.manifest;

import com.github.benmanes.caffeine.cache.Ticker;
import io.ociregistry.common.Futures;
import io.ociregistry.common.SingleFlight;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.index.RecordWatcher;
import io.ociregistry.registry.policy.AirGapMessages;
import io.ociregistry.registry.policy.NegativeCache;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.registry.policy.UnreadableContent;
import io.ociregistry.store.ManifestStore;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.upstream.ManifestAnswer;
import io.ociregistry.upstream.Priority;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.Upstreams;
import io.ociregistry.upstream.Via;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Manifests of the pull-through cache: lookup in the store, revalidation of tags, and fetch from the upstream on a
 * miss; thread-safe.
 *
 * <p>No method blocks, except where its comment says so. Methods throw {@link RegistryException}, or return stages that
 * fail with it.
 */
public final class ManifestService {
    private final ManifestStore store;
    private final ContentIndex index;
    private final RecordWatcher watcher;
    private final Supplier<RuntimeConfig> config;
    private final Upstreams upstreams;
    private final Clock clock;
    private final long maxBytes;
    private final boolean airGapped;
    private final NegativeCache<ImageReference> negativeCache;
    private final TagRevalidator revalidator;
    private final SingleFlight<ImageReference, Manifest> flights = new SingleFlight<>();

    public ManifestService(
            ManifestStore store,
            ContentIndex index,
            RecordWatcher watcher,
            Upstreams upstreams,
            Supplier<RuntimeConfig> config,
            Clock clock) {
        this.store = store;
        this.index = index;
        this.watcher = watcher;
        this.config = config;
        this.upstreams = upstreams;
        this.clock = clock;
        ServerConfig initial = config.get().config();
        this.maxBytes = initial.maxManifestBytes();
        this.airGapped = initial.airGapped();
        this.negativeCache = new NegativeCache<>(initial.cache().negativeTtl(), Ticker.systemTicker());
        this.revalidator =
                new TagRevalidator(index, upstreams, config, new RevalidatedManifests(), negativeCache, clock);
    }

    /** Applies a changed configuration; clears the negative cache, because changed upstreams may have the manifests. */
    public void reload(ServerConfig config) {
        negativeCache.reset(config.cache().negativeTtl());
    }

    /** Returns the manifest of a name to a client, and records the time of the pull. */
    public CompletionStage<ManifestResult> get(ImageReference name) {
        return find(name, Priority.CLIENT).thenApply(found -> {
            store.pullTimes().recordPull(name.repository(), found.manifest().digest(), clock.instant());
            return found;
        });
    }

    /** Returns the manifest of a name without recording a pull, as for a prefetch or a load. */
    public CompletionStage<ManifestResult> find(ImageReference name, Priority priority) {
        if (!watcher.isReady()) {
            return findWhileReading(name, priority);
        }
        Optional<Manifest> cached = cached(name);
        if (cached.isPresent()) {
            return revalidator.revalidateIfStale(name, cached.get());
        }
        CompletionStage<Void> scanned = watcher.findOnDisk(name);
        if (scanned.toCompletableFuture().isDone()) {
            return afterScan(name, priority);
        }
        Supplier<CompletionStage<ManifestResult>> afterScan = Via.wrapSupplier(() -> afterScan(name, priority));
        return scanned.thenCompose(done -> afterScan.get());
    }

    /** Finds a manifest during the first scan: by digest once its record is read, by tag after the scan. */
    private CompletionStage<ManifestResult> findWhileReading(ImageReference name, Priority priority) {
        if (name.reference() instanceof Digest digest) {
            watcher.readRecord(digest);
            Optional<Manifest> cached = cached(name);
            if (cached.isPresent()) {
                return CompletableFuture.completedStage(ManifestResult.of(cached.get()));
            }
        }
        return watcher.whenReady(() -> find(name, priority));
    }

    private CompletionStage<ManifestResult> afterScan(ImageReference name, Priority priority) {
        Optional<Manifest> cached = cached(name);
        if (cached.isPresent()) {
            return revalidator.revalidateIfStale(name, cached.get());
        }
        if (airGapped) {
            throw AirGapMessages.notCached(
                    ErrorCode.MANIFEST_UNKNOWN, name + " is", store.unreadableReason(meaning(name)));
        }
        boolean isDigest = meaning(name) instanceof Digest;
        Optional<String> unreadable = isDigest ? store.unreadableReason(meaning(name)) : Optional.empty();
        return UnreadableContent.explainFailure(Futures.captureFailure(() -> fetched(name, priority)), unreadable);
    }

    /** Returns the digest that a name is known to mean, otherwise the reference in the name. */
    private Reference meaning(ImageReference name) {
        return index.find(name).<Reference>map(digest -> digest).orElse(name.reference());
    }

    private CompletionStage<ManifestResult> fetched(ImageReference name, Priority priority) {
        negativeCache.check(name);
        Upstream upstream = upstreams.get(name.repository().registry());
        upstream.check(RequestKind.MANIFEST);
        return flights.join(
                        name,
                        upstream.metadata(priority),
                        () -> negativeCache.recordMiss(name, () -> fetch(upstream, name)))
                .thenApply(ManifestResult::of);
    }

    /**
     * Adds a tag to a cached manifest if the upstream's HEAD answer says that the tag means this manifest now.
     *
     * @return false if the tag means another manifest
     */
    public CompletionStage<Boolean> addTag(ImageReference tag, Manifest manifest, Priority priority) {
        Upstream upstream = upstreams.get(tag.repository().registry());
        upstream.check(RequestKind.OTHER);
        return CompletableFuture.supplyAsync(
                () -> addTagIfCurrent(upstream, tag, manifest), upstream.metadata(priority));
    }

    private boolean addTagIfCurrent(Upstream upstream, ImageReference tag, Manifest manifest) {
        boolean isCurrent = upstream.headManifest(tag.repository().name(), tag.reference())
                .digest()
                .filter(manifest::hasDigest)
                .isPresent();
        if (isCurrent) {
            keep(manifest, tag, clock.instant());
        }
        return isCurrent;
    }

    /** Returns the manifest that the upstream has under a name now, and stores it; empty if it has none. Blocks. */
    public Optional<Manifest> fetchOrRevalidate(Upstream upstream, ImageReference name) {
        Optional<Manifest> cached = cached(name);
        try {
            return Optional.of(
                    cached.isPresent()
                            ? revalidator.revalidate(upstream, name, cached.get())
                            : fetch(upstream, name, name));
        } catch (RegistryException e) {
            if (e.code() == ErrorCode.MANIFEST_UNKNOWN) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Returns the cached manifest of a name; asks no upstream. */
    public Optional<Manifest> cached(ImageReference name) {
        // Looked up again: another registry may have confirmed and stored the manifest since the first lookup.
        return index.find(name).flatMap(store::find).filter(found -> index.find(name)
                .isPresent());
    }

    private Manifest fetch(Upstream upstream, ImageReference name) {
        // Another request may have stored it since the caller's lookup.
        Optional<Manifest> cached = cached(name);
        if (cached.isPresent()) {
            return cached.get();
        }
        return fetch(upstream, name, name);
    }

    /** Fetches the manifest that {@code source} means and stores it under {@code name}. */
    private Manifest fetch(Upstream upstream, ImageReference source, ImageReference name) {
        Fetched fetched =
                storedAndConfirmed(upstream, source).map(Fetched::now).orElseGet(() -> fetchBytes(upstream, source));
        Manifest manifest = fetched.manifest;
        // Confirmed before the record is added, so that a registry that only names the digest never shows the manifest.
        index.confirmManifest(name.repository(), manifest.digest());
        // A manifest that an upstream cache marks as stale counts as never confirmed, so that a tag rule with an age
        // revalidates it.
        keep(manifest, name, fetched.stale ? Instant.EPOCH : clock.instant());
        return manifest;
    }

    private record Fetched(Manifest manifest, boolean stale) {
        static Fetched now(Manifest manifest) {
            return new Fetched(manifest, false);
        }
    }

    private void keep(Manifest manifest, ImageReference name, Instant checked) {
        store.confirm(
                manifest,
                name,
                index.nextConfirmationTime(name, checked),
                record -> index.add(ManifestSummary.of(record)));
    }

    /**
     * Removes a name that its upstream no longer has. If the name is confirmed concurrently, the index and the record
     * on disk agree afterwards.
     */
    public void drop(ImageReference name) {
        index.manifestsClaiming(name).forEach(digest -> store.removeName(digest, name, () -> index.drop(name, digest)));
    }

    private final class RevalidatedManifests implements TagRevalidator.ManifestCache {
        @Override
        public Manifest fetch(Upstream upstream, ImageReference source, ImageReference name) {
            return ManifestService.this.fetch(upstream, source, name);
        }

        @Override
        public void drop(ImageReference name) {
            ManifestService.this.drop(name);
        }
    }

    /** Returns a stored manifest that the name's upstream confirms by HEAD, if that answer is trusted (ADR 8). */
    private Optional<Manifest> storedAndConfirmed(Upstream upstream, ImageReference name) {
        if (!(name.reference() instanceof Digest digest)) {
            return Optional.empty();
        }
        boolean isTrusted = config.get().trust().isConfigured(name.repository().registry())
                || cached(name).isPresent();
        Optional<Manifest> shared = isTrusted ? store.find(digest) : Optional.empty();
        return shared.filter(found -> ManifestAsBlobCheck.confirmsManifest(
                upstream.headManifest(name.repository().name(), digest), digest));
    }

    private Fetched fetchBytes(Upstream upstream, ImageReference name) {
        ManifestAnswer answer = upstream.manifest(name.repository().name(), name.reference(), maxBytes);
        Manifest manifest = parse(answer, name);
        if (name.reference() instanceof Digest digest && !manifest.hasDigest(digest)) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_WRONG_CONTENT,
                    "GET manifest " + name + ": the upstream sent another manifest, " + manifest.digest()
                            + "; it was not stored");
        }
        return new Fetched(manifest, answer.stale());
    }

    private static Manifest parse(ManifestAnswer answer, ImageReference name) {
        try {
            return Manifest.parse(answer.bytes(), answer.contentType());
        } catch (RegistryException e) {
            throw new RegistryException(e.code(), "GET manifest " + name + ": " + e.getMessage(), e);
        }
    }
}
