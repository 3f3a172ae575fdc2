package io.ociregistry.registry.manifest;

import io.ociregistry.common.Futures;
import io.ociregistry.common.GoDuration;
import io.ociregistry.common.SingleFlight;
import io.ociregistry.config.model.TagRule;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.policy.AirGapMessages;
import io.ociregistry.registry.policy.NegativeCache;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.upstream.Priority;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.Upstreams;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Revalidates cached tags that may have moved; thread-safe.
 *
 * <p>If the rule for a tag requires it, or the tag's newest record is lost, the upstream is asked by HEAD, once for
 * concurrent requests. The new manifest is fetched, by digest, only if the tag moved. If the upstream fails, refuses or
 * is slow, the cached manifest is served with a warning. The tag becomes unknown only if the upstream answers 404 and
 * the rule allows that.
 */
final class TagRevalidator {
    /** The cached manifests, as a revalidation changes them. */
    interface ManifestCache {
        /** Fetches the manifest that {@code source} means and stores it under {@code name}; blocks. */
        Manifest fetch(Upstream upstream, ImageReference source, ImageReference name);

        /** Removes a name that its upstream no longer has. */
        void drop(ImageReference name);
    }

    private final ContentIndex index;
    private final Upstreams upstreams;
    private final Supplier<RuntimeConfig> config;
    private final ManifestCache manifests;
    private final NegativeCache<ImageReference> negativeCache;
    private final Clock clock;
    private final boolean airGapped;
    private final SingleFlight<ImageReference, Manifest> flights = new SingleFlight<>();

    TagRevalidator(
            ContentIndex index,
            Upstreams upstreams,
            Supplier<RuntimeConfig> config,
            ManifestCache manifests,
            NegativeCache<ImageReference> negativeCache,
            Clock clock) {
        this.index = index;
        this.upstreams = upstreams;
        this.config = config;
        this.manifests = manifests;
        this.negativeCache = negativeCache;
        this.clock = clock;
        this.airGapped = config.get().config().airGapped();
    }

    /**
     * Returns the answer for a name whose manifest is cached: the cached manifest or, if the tag moved, the new
     * one.
     */
    CompletionStage<ManifestResult> revalidateIfStale(ImageReference name, Manifest cached) {
        if (!(name.reference() instanceof Tag tag)) {
            return CompletableFuture.completedStage(ManifestResult.of(cached));
        }
        TagRule rule = config.get().tags().rule(name.repository().registry(), tag.value());
        if (!index.isDoubtful(name) && isFresh(name, rule)) {
            return CompletableFuture.completedStage(ManifestResult.of(cached));
        }
        return airGapped
                ? CompletableFuture.completedStage(stale(name, cached, AirGapMessages.REASON))
                : revalidateInBackground(name, cached, rule);
    }

    private boolean isFresh(ImageReference name, TagRule rule) {
        Duration age = Duration.between(index.lastConfirmed(name), clock.instant());
        // A confirmation in the future was made while the clock was wrong, so it counts as old.
        return rule.maxAge().equals(TagRule.FOREVER) || (!age.isNegative() && age.compareTo(rule.maxAge()) < 0);
    }

    private CompletionStage<ManifestResult> revalidateInBackground(ImageReference name, Manifest cached, TagRule rule) {
        Upstream upstream;
        try {
            negativeCache.check(name);
            upstream = upstreams.get(name.repository().registry());
            upstream.check(RequestKind.REVALIDATION);
        } catch (RegistryException e) {
            return CompletableFuture.completedStage(afterFailure(name, cached, rule, e));
        }
        return flights.join(
                        name,
                        upstream.metadata(Priority.REFRESH),
                        () -> negativeCache.recordMiss(name, () -> revalidate(upstream, name, cached, rule)))
                .thenApply(ManifestResult::of)
                .exceptionally(failure -> afterFailure(name, cached, rule, failure))
                .toCompletableFuture()
                .copy()
                .completeOnTimeout(
                        stale(name, cached, "its upstream has not answered yet"),
                        Math.max(
                                0,
                                config.get()
                                        .fallbackTimeout()
                                        .minus(upstream.silence())
                                        .toMillis()),
                        TimeUnit.MILLISECONDS);
    }

    private Manifest revalidate(Upstream upstream, ImageReference name, Manifest cached, TagRule rule) {
        try {
            // The upstream may have become unreachable while this request waited for a thread.
            upstream.check(RequestKind.OTHER);
            return revalidate(upstream, name, cached);
        } catch (RegistryException e) {
            if (isGone(e, rule)) {
                manifests.drop(name);
            }
            throw e;
        }
    }

    /** Returns the manifest that the upstream has under a name now, and stores it if it is new. Blocks. */
    Manifest revalidate(Upstream upstream, ImageReference name, Manifest cached) {
        Optional<Digest> current = upstream.headManifest(name.repository().name(), name.reference())
                .digest();
        if (current.filter(cached::hasDigest).isPresent()) {
            index.refresh(name, cached.digest(), clock.instant());
            return cached;
        }
        return current.map(digest -> fetchMoved(upstream, name, digest))
                .orElseGet(() -> manifests.fetch(upstream, name, name));
    }

    /**
     * Fetches by the digest in the HEAD answer, so that both agree; by tag if the upstream does not have that
     * digest.
     */
    private Manifest fetchMoved(Upstream upstream, ImageReference name, Digest current) {
        try {
            return manifests.fetch(upstream, new ImageReference(name.repository(), current), name);
        } catch (RegistryException e) {
            if (e.code() != ErrorCode.MANIFEST_UNKNOWN) {
                throw e;
            }
            return manifests.fetch(upstream, name, name);
        }
    }

    private ManifestResult afterFailure(ImageReference name, Manifest cached, TagRule rule, Throwable failure) {
        Throwable cause = Futures.unwrap(failure);
        if (!(cause instanceof RegistryException known)) {
            throw new CompletionException(cause);
        }
        if (isGone(known, rule)) {
            throw known;
        }
        return stale(name, cached, known.getMessage());
    }

    private static boolean isGone(RegistryException answer, TagRule rule) {
        return answer.code() == ErrorCode.MANIFEST_UNKNOWN && !rule.keepOnNotFound();
    }

    private ManifestResult stale(ImageReference name, Manifest cached, String reason) {
        Instant checked = index.lastConfirmed(name).truncatedTo(ChronoUnit.SECONDS);
        String age = GoDuration.format(Duration.between(checked, clock.instant()));
        return new ManifestResult(
                cached,
                Optional.of(name + " is served from the cache, as it was at " + checked + " (" + age + " ago): "
                        + reason + (index.isDoubtful(name) ? "; the record of a newer image was lost" : "")));
    }
}
