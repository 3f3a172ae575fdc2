package io.ociregistry.registry.manifest;

import com.github.benmanes.caffeine.cache.Ticker;
import io.ociregistry.common.Futures;
import io.ociregistry.common.GoDuration;
import io.ociregistry.common.SingleFlight;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.metrics.Provenance;
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
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
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
    private final SingleFlight<ImageReference, ManifestResult> flights = new SingleFlight<>();
    private final SingleFlight<ImageReference, ManifestResult> revalidations = new SingleFlight<>();

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
        this.revalidator = new TagRevalidator(index, config, clock);
    }

    /** Applies a changed configuration; clears the negative cache, because changed upstreams may have the manifests. */
    public void reload(ServerConfig config) {
        negativeCache.reset(config.cache().negativeTtl());
    }

    /**
     * Returns the cached manifest of a name to a client, and records the time of the pull; empty if the upstream has to
     * be asked or a record has to be read. Never blocks: it reads no file. Every {@link #get} starts with it.
     */
    public Optional<ManifestResult> getCached(ImageReference name) {
        return findFresh(name).map(found -> recordPull(name, found));
    }

    /** Returns the manifest of a name to a client, and records the time of the pull. */
    public CompletionStage<ManifestResult> get(ImageReference name) {
        Optional<ManifestResult> hit = getCached(name);
        return hit.isPresent()
                ? CompletableFuture.completedStage(hit.get())
                : findStaleOrMissing(name, Priority.CLIENT).thenApply(found -> recordPull(name, found));
    }

    private ManifestResult recordPull(ImageReference name, ManifestResult found) {
        store.pullTimes().recordPull(name.repository(), found.manifest().digest(), clock.instant());
        return found;
    }

    /** Returns the manifest of a name without recording a pull, as for a prefetch or a load. */
    public CompletionStage<ManifestResult> find(ImageReference name, Priority priority) {
        Optional<ManifestResult> hit = findFresh(name);
        return hit.isPresent() ? CompletableFuture.completedStage(hit.get()) : findStaleOrMissing(name, priority);
    }

    /**
     * Returns the manifest of a name after its upstream said what the name means now, also if the rule of a cached tag
     * does not require it. Fails if the upstream does not answer; the cached manifest stays.
     */
    public CompletionStage<ManifestResult> refresh(ImageReference name, Priority priority) {
        if (!watcher.isReady()) {
            return watcher.whenReady(() -> refresh(name, priority));
        }
        Optional<Manifest> cached = cached(name);
        if (cached.isEmpty() || name.reference() instanceof Digest) {
            return find(name, priority);
        }
        if (airGapped) {
            throw AirGapMessages.notRefreshed(name);
        }
        Upstream upstream = upstreams.get(name.repository().registry());
        upstream.check(RequestKind.REVALIDATION);
        return revalidations.join(
                name,
                upstream.metadata(priority),
                () -> revalidate(upstream, name, cached.get()),
                ManifestResult::joined);
    }

    private Optional<ManifestResult> findFresh(ImageReference name) {
        return watcher.isReady() && revalidator.isFresh(name)
                ? cached(name, store::findInMemory).map(ManifestResult::of)
                : Optional.empty();
    }

    private CompletionStage<ManifestResult> findStaleOrMissing(ImageReference name, Priority priority) {
        if (!watcher.isReady()) {
            return findWhileReading(name, priority);
        }
        Optional<Manifest> cached = cached(name);
        if (cached.isPresent()) {
            return revalidated(name, cached.get());
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
            return revalidated(name, cached.get());
        }
        if (airGapped) {
            throw AirGapMessages.notCached(
                    ErrorCode.MANIFEST_UNKNOWN, name + " is", store.unreadableReason(meaning(name)));
        }
        boolean isDigest = meaning(name) instanceof Digest;
        Optional<String> unreadable = isDigest ? store.unreadableReason(meaning(name)) : Optional.empty();
        return UnreadableContent.explainFailure(Futures.captureFailure(() -> fetched(name, priority)), unreadable);
    }

    /**
     * Returns the answer for a name whose manifest is cached: the cached manifest or, if the tag moved, the new one. If
     * the upstream fails, refuses or is slow, the cached manifest is returned with a warning.
     */
    private CompletionStage<ManifestResult> revalidated(ImageReference name, Manifest cached) {
        if (revalidator.isFresh(name)) {
            return CompletableFuture.completedStage(ManifestResult.of(cached));
        }
        if (airGapped) {
            return CompletableFuture.completedStage(stale(name, cached, AirGapMessages.REASON));
        }
        Upstream upstream;
        try {
            negativeCache.check(name);
            upstream = upstreams.get(name.repository().registry());
            upstream.check(RequestKind.REVALIDATION);
        } catch (RegistryException e) {
            return CompletableFuture.completedStage(cachedOrGone(name, cached, e));
        }
        Duration timeout = config.get().fallbackTimeout().minus(upstream.silence());
        return revalidations
                .join(
                        name,
                        upstream.metadata(Priority.REFRESH),
                        () -> revalidate(upstream, name, cached),
                        ManifestResult::joined)
                .exceptionally(failure -> cachedOrGone(name, cached, failure))
                .toCompletableFuture()
                .copy()
                .completeOnTimeout(
                        stale(name, cached, "its upstream has not answered yet"),
                        Math.max(0, timeout.toMillis()),
                        TimeUnit.MILLISECONDS);
    }

    /** Asks the upstream about a cached tag and acts on the verdict. Blocks. */
    private ManifestResult revalidate(Upstream upstream, ImageReference name, Manifest cached) {
        try {
            // The upstream may have become unreachable while this request waited for a thread.
            upstream.check(RequestKind.OTHER);
            return negativeCache.recordMiss(name, () -> fetchIfChanged(upstream, name, cached));
        } catch (RegistryException e) {
            if (revalidator.afterFailure(name, e) instanceof Verdict.Gone) {
                drop(name);
            }
            throw e;
        }
    }

    /** Returns the cached manifest if a name still means it, otherwise the new one, which is stored. Blocks. */
    private ManifestResult fetchIfChanged(Upstream upstream, ImageReference name, Manifest cached) {
        return revalidator.revalidate(upstream, name, cached) instanceof Verdict.Changed changed
                ? changed.current()
                        .map(digest -> fetchMoved(upstream, name, digest))
                        .orElseGet(() -> fetch(upstream, name, name))
                : ManifestResult.of(cached, Provenance.REVALIDATED);
    }

    /** Fetches by the digest in the HEAD answer, so that both agree; by tag if the upstream lacks that digest. */
    private ManifestResult fetchMoved(Upstream upstream, ImageReference name, Digest current) {
        try {
            return fetch(upstream, new ImageReference(name.repository(), current), name);
        } catch (RegistryException e) {
            if (e.code() != ErrorCode.MANIFEST_UNKNOWN) {
                throw e;
            }
            return fetch(upstream, name, name);
        }
    }

    /** Returns the cached manifest after its revalidation failed; throws the failure if the tag is gone. */
    private ManifestResult cachedOrGone(ImageReference name, Manifest cached, Throwable failure) {
        if (!(Futures.cause(failure) instanceof RegistryException known)) {
            throw Futures.completionException(failure);
        }
        if (revalidator.afterFailure(name, known) instanceof Verdict.Gone gone) {
            throw gone.answer();
        }
        return stale(name, cached, known.getMessage());
    }

    private ManifestResult stale(ImageReference name, Manifest cached, String reason) {
        Instant checked = index.lastConfirmed(name).truncatedTo(ChronoUnit.SECONDS);
        String age = GoDuration.format(Duration.between(checked, clock.instant()));
        return new ManifestResult(
                cached,
                Optional.of(name + " is served from the cache, as it was at " + checked + " (" + age + " ago): "
                        + reason + (index.isDoubtful(name) ? "; the record of a newer image was lost" : "")),
                Provenance.STALE);
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
                () -> negativeCache.recordMiss(name, () -> fetch(upstream, name)),
                ManifestResult::joined);
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
            ManifestResult current =
                    cached.isPresent() ? fetchIfChanged(upstream, name, cached.get()) : fetch(upstream, name, name);
            return Optional.of(current.manifest());
        } catch (RegistryException e) {
            if (e.code() == ErrorCode.MANIFEST_UNKNOWN) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Returns the cached manifest of a name; asks no upstream. */
    public Optional<Manifest> cached(ImageReference name) {
        return cached(name, store::find);
    }

    /** Looks up the name again after the manifest: another registry may have confirmed and stored it meanwhile. */
    private Optional<Manifest> cached(ImageReference name, Function<Digest, Optional<Manifest>> lookup) {
        return index.find(name).flatMap(lookup).filter(found -> index.find(name).isPresent());
    }

    private ManifestResult fetch(Upstream upstream, ImageReference name) {
        // Another request may have stored it since the caller's lookup.
        Optional<Manifest> cached = cached(name);
        if (cached.isPresent()) {
            return ManifestResult.of(cached.get());
        }
        return fetch(upstream, name, name);
    }

    /** Fetches the manifest that {@code source} means and stores it under {@code name}. */
    private ManifestResult fetch(Upstream upstream, ImageReference source, ImageReference name) {
        Fetched fetched = storedAndConfirmed(upstream, source)
                .map(Fetched::confirmed)
                .orElseGet(() -> fetchBytes(upstream, source));
        Manifest manifest = fetched.manifest;
        // Confirmed before the record is added, so that a registry that only names the digest never shows the manifest.
        index.confirmManifest(name.repository(), manifest.digest());
        // A manifest that an upstream cache marks as stale counts as never confirmed, so that a tag rule with an age
        // revalidates it.
        keep(manifest, name, fetched.stale ? Instant.EPOCH : clock.instant());
        return ManifestResult.of(manifest, fetched.provenance);
    }

    private record Fetched(Manifest manifest, boolean stale, Provenance provenance) {
        static Fetched confirmed(Manifest manifest) {
            return new Fetched(manifest, false, Provenance.REVALIDATED);
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
                                    + "; it was not stored")
                    .from(answer.sender());
        }
        return new Fetched(manifest, answer.stale(), Provenance.miss(answer.sender()));
    }

    private static Manifest parse(ManifestAnswer answer, ImageReference name) {
        try {
            return Manifest.parse(answer.bytes(), answer.contentType());
        } catch (RegistryException e) {
            throw new RegistryException(e.code(), "GET manifest " + name + ": " + e.getMessage(), e)
                    .from(answer.sender());
        }
    }
}
