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
import io.ociregistry.registry.Registry;
import io.ociregistry.registry.catalog.ContentIndex;
import io.ociregistry.registry.catalog.RecordWatcher;
import io.ociregistry.registry.policy.AirGapMessages;
import io.ociregistry.registry.policy.NegativeCache;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.registry.policy.UnreadableContent;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.manifest.ManifestStore;
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

/** The manifest half of the {@link Registry}. */
public final class ManifestService {
    private final ManifestStore store;
    private final ContentIndex catalog;
    private final RecordWatcher discovery;
    private final Supplier<RuntimeConfig> rules;
    private final Upstreams upstreams;
    private final Clock clock;
    private final long maxBytes;
    private final boolean airGapped;
    private final NegativeCache<ImageReference> missing;
    private final TagRevalidator freshness;
    private final SingleFlight<ImageReference, Manifest> flights = new SingleFlight<>();

    public ManifestService(
            ManifestStore store,
            ContentIndex catalog,
            RecordWatcher discovery,
            Upstreams upstreams,
            Supplier<RuntimeConfig> rules,
            Clock clock) {
        this.store = store;
        this.catalog = catalog;
        this.discovery = discovery;
        this.rules = rules;
        this.upstreams = upstreams;
        this.clock = clock;
        ServerConfig config = rules.get().config();
        this.maxBytes = config.maxManifestBytes();
        this.airGapped = config.airGapped();
        this.missing = new NegativeCache<>(config.cache().negativeTtl(), Ticker.systemTicker());
        this.freshness = new TagRevalidator(catalog, upstreams, rules, new RevalidatedManifests(), missing, clock);
    }

    /** Goes on by another configuration. */
    public void reload(ServerConfig config) {
        missing.begin(config.cache().negativeTtl());
    }

    /** What a client gets for a name. */
    public CompletionStage<ManifestResult> get(ImageReference name) {
        return find(name, Priority.CLIENT).thenApply(found -> {
            store.pulls().note(name.repository(), found.manifest().digest(), clock.instant());
            return found;
        });
    }

    /** The same for somebody else, whose getting it does not count as a use. */
    public CompletionStage<ManifestResult> find(ImageReference name, Priority priority) {
        if (!discovery.isReady()) {
            return early(name, priority);
        }
        Optional<Manifest> cached = cached(name);
        if (cached.isPresent()) {
            return freshness.confirmed(name, cached.get());
        }
        CompletionStage<Void> looked = discovery.lookFor(name);
        if (looked.toCompletableFuture().isDone()) {
            return afterLook(name, priority);
        }
        Supplier<CompletionStage<ManifestResult>> then = Via.keptFor(() -> afterLook(name, priority));
        return looked.thenCompose(known -> then.get());
    }

    /** While not all records are known: a digest is, once its own is. */
    private CompletionStage<ManifestResult> early(ImageReference name, Priority priority) {
        if (name.reference() instanceof Digest digest) {
            discovery.lookAt(digest);
            Optional<Manifest> cached = cached(name);
            if (cached.isPresent()) {
                return CompletableFuture.completedStage(ManifestResult.certain(cached.get()));
            }
        }
        return discovery.whenReady(() -> find(name, priority));
    }

    private CompletionStage<ManifestResult> afterLook(ImageReference name, Priority priority) {
        Optional<Manifest> cached = cached(name);
        if (cached.isPresent()) {
            return freshness.confirmed(name, cached.get());
        }
        if (airGapped) {
            throw AirGapMessages.notCached(ErrorCode.MANIFEST_UNKNOWN, name + " is", store.unreadable(meaning(name)));
        }
        boolean isOne = meaning(name) instanceof Digest;
        Optional<String> unreadable = isOne ? store.unreadable(meaning(name)) : Optional.empty();
        return UnreadableContent.orFailure(Futures.failing(() -> fetched(name, priority)), unreadable);
    }

    /** The digest that a name is known to mean, or else the name's own tag. */
    private Reference meaning(ImageReference name) {
        return catalog.find(name).<Reference>map(digest -> digest).orElse(name.reference());
    }

    private CompletionStage<ManifestResult> fetched(ImageReference name, Priority priority) {
        missing.check(name);
        Upstream upstream = upstreams.get(name.repository().registry());
        upstream.check(RequestKind.MANIFEST);
        return flights.join(name, upstream.metadata(priority), () -> missing.noting(name, () -> fetch(upstream, name)))
                .thenApply(ManifestResult::certain);
    }

    /** Names a manifest that is here by a tag too, if its upstream says that this is what the tag means now. */
    public CompletionStage<Boolean> name(ImageReference tag, Manifest manifest, Priority priority) {
        Upstream upstream = upstreams.get(tag.repository().registry());
        upstream.check(RequestKind.OTHER);
        return CompletableFuture.supplyAsync(() -> isStill(upstream, tag, manifest), upstream.metadata(priority));
    }

    private boolean isStill(Upstream upstream, ImageReference tag, Manifest manifest) {
        boolean still = upstream.headManifest(tag.repository().name(), tag.reference())
                .digest()
                .filter(manifest::is)
                .isPresent();
        if (still) {
            keep(manifest, tag, clock.instant());
        }
        return still;
    }

    /** What the upstream means by a name now, kept; empty if it says that it has no such manifest. Blocks. */
    public Optional<Manifest> ask(Upstream upstream, ImageReference name) {
        Optional<Manifest> cached = cached(name);
        try {
            return Optional.of(
                    cached.isPresent()
                            ? freshness.revalidate(upstream, name, cached.get())
                            : fetch(upstream, name, name));
        } catch (RegistryException e) {
            if (e.code() == ErrorCode.MANIFEST_UNKNOWN) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** What a name means here; asks nobody. */
    public Optional<Manifest> cached(ImageReference name) {
        // Looked up again: what another registry sent just now was noted as its own before it was there to be found.
        return catalog.find(name).flatMap(store::find).filter(found -> catalog.find(name)
                .isPresent());
    }

    private Manifest fetch(Upstream upstream, ImageReference name) {
        // It may have been stored since the caller looked.
        Optional<Manifest> cached = cached(name);
        if (cached.isPresent()) {
            return cached.get();
        }
        return fetch(upstream, name, name);
    }

    /** Fetches a manifest from where {@code source} says and keeps it under {@code name}. */
    private Manifest fetch(Upstream upstream, ImageReference source, ImageReference name) {
        Fetched fetched = sharedBytes(upstream, source).map(Fetched::now).orElseGet(() -> fetchBytes(upstream, source));
        Manifest manifest = fetched.manifest;
        // Before it can be found: whoever only names it loses it first.
        catalog.confirmManifest(name.repository(), manifest.digest());
        // What a cache could not look up again is as old as can be, so that it is asked for again where the tag's rule
        // has an age.
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
                manifest, name, catalog.nextCheck(name, checked), record -> catalog.add(ManifestSummary.of(record)));
    }

    /** Forgets a name that is gone upstream. What others confirm meanwhile is known both here and on the disk, or in neither. */
    public void drop(ImageReference name) {
        catalog.claimed(name).forEach(digest -> store.drop(digest, name, () -> catalog.drop(name, digest)));
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

    /** Bytes that are here already, if this name's upstream says that it has them too, and its word is enough (ADR 8). */
    private Optional<Manifest> sharedBytes(Upstream upstream, ImageReference name) {
        if (!(name.reference() instanceof Digest digest)) {
            return Optional.empty();
        }
        boolean isWordEnough =
                rules.get().trust().isConfigured(name.repository().registry())
                        || cached(name).isPresent();
        Optional<Manifest> shared = isWordEnough ? store.find(digest) : Optional.empty();
        return shared.filter(found -> ManifestAsBlobCheck.saysManifest(
                upstream.headManifest(name.repository().name(), digest), digest));
    }

    private Fetched fetchBytes(Upstream upstream, ImageReference name) {
        ManifestAnswer answer = upstream.manifest(name.repository().name(), name.reference(), maxBytes);
        Manifest manifest = parse(answer, name);
        if (name.reference() instanceof Digest digest && !manifest.is(digest)) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_WRONG_CONTENT,
                    "GET manifest " + name + ": the upstream sent another manifest, " + manifest.digest()
                            + "; nothing was kept");
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
