package io.ociregistry.registry.manifest;

import io.ociregistry.common.GoDuration;
import io.ociregistry.common.SingleFlight;
import io.ociregistry.config.model.TagRule;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.catalog.ContentIndex;
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
 * Looks after cached tags that may have moved.
 *
 * <p>Where the rule for a tag says so, or its newest record is lost, its upstream is asked by HEAD, once however many
 * clients ask, and only if the tag moved the new manifest is fetched, by digest. Whatever goes wrong with that, the
 * cached one is served, and says that it is: an upstream that fails, refuses or is slow is no reason to break what worked
 * yesterday. Only an upstream that answers that the tag is gone can make it unknown, for good until it has it again, and
 * only if the rule says so.
 */
final class TagRevalidator {
    /** The cached manifests, as a revalidation changes them. */
    interface ManifestCache {
        /** Fetches the manifest that {@code source} means and stores it under {@code name}; blocks. */
        Manifest fetch(Upstream upstream, ImageReference source, ImageReference name);

        /** Removes a name that its upstream no longer has. */
        void drop(ImageReference name);
    }

    private final ContentIndex catalog;
    private final Upstreams upstreams;
    private final Supplier<RuntimeConfig> config;
    private final ManifestCache manifests;
    private final NegativeCache<ImageReference> missing;
    private final Clock clock;
    private final boolean airGapped;
    private final SingleFlight<ImageReference, Manifest> flights = new SingleFlight<>();

    TagRevalidator(
            ContentIndex catalog,
            Upstreams upstreams,
            Supplier<RuntimeConfig> config,
            ManifestCache manifests,
            NegativeCache<ImageReference> missing,
            Clock clock) {
        this.catalog = catalog;
        this.upstreams = upstreams;
        this.config = config;
        this.manifests = manifests;
        this.missing = missing;
        this.clock = clock;
        this.airGapped = config.get().config().airGapped();
    }

    /** What to answer where that manifest is cached under that name. */
    CompletionStage<ManifestResult> confirmed(ImageReference name, Manifest cached) {
        if (!(name.reference() instanceof Tag tag)) {
            return CompletableFuture.completedStage(ManifestResult.certain(cached));
        }
        TagRule rule = config.get().tags().rule(name.repository().registry(), tag.value());
        if (!catalog.isDoubtful(name) && isFresh(name, rule)) {
            return CompletableFuture.completedStage(ManifestResult.certain(cached));
        }
        return airGapped
                ? CompletableFuture.completedStage(stale(name, cached, AirGapMessages.REASON))
                : ask(name, cached, rule);
    }

    private boolean isFresh(ImageReference name, TagRule rule) {
        Duration age = Duration.between(catalog.checked(name), clock.instant());
        // A clock that was once ahead makes it as good as old.
        return rule.maxAge().equals(TagRule.FOREVER) || (!age.isNegative() && age.compareTo(rule.maxAge()) < 0);
    }

    private CompletionStage<ManifestResult> ask(ImageReference name, Manifest cached, TagRule rule) {
        Upstream upstream;
        try {
            missing.check(name);
            upstream = upstreams.get(name.repository().registry());
            upstream.check(RequestKind.REVALIDATION);
        } catch (RegistryException e) {
            return CompletableFuture.completedStage(afterFailure(name, cached, rule, e));
        }
        return flights.join(
                        name,
                        upstream.metadata(Priority.REFRESH),
                        () -> missing.noting(name, () -> revalidate(upstream, name, cached, rule)))
                .thenApply(ManifestResult::certain)
                .exceptionally(failure -> afterFailure(name, cached, rule, failure))
                .toCompletableFuture()
                .copy()
                .completeOnTimeout(
                        stale(name, cached, "its upstream has not answered yet"),
                        Math.max(0, config.get().patience().minus(upstream.silence()).toMillis()),
                        TimeUnit.MILLISECONDS);
    }

    private Manifest revalidate(Upstream upstream, ImageReference name, Manifest cached, TagRule rule) {
        try {
            // It may have gone down while this waited for a thread.
            upstream.check(RequestKind.OTHER);
            return revalidate(upstream, name, cached);
        } catch (RegistryException e) {
            if (isGone(e, rule)) {
                manifests.drop(name);
            }
            throw e;
        }
    }

    /** What the upstream means by that name now, kept. Blocks. */
    Manifest revalidate(Upstream upstream, ImageReference name, Manifest cached) {
        Optional<Digest> now = upstream.headManifest(name.repository().name(), name.reference())
                .digest();
        if (now.filter(cached::is).isPresent()) {
            catalog.refresh(name, cached.digest(), clock.instant());
            return cached;
        }
        return now.map(digest -> moved(upstream, name, digest)).orElseGet(() -> manifests.fetch(upstream, name, name));
    }

    /** By digest, so that what HEAD told and what is fetched are the same; by tag where HEAD told a digest that nothing has. */
    private Manifest moved(Upstream upstream, ImageReference name, Digest told) {
        try {
            return manifests.fetch(upstream, new ImageReference(name.repository(), told), name);
        } catch (RegistryException e) {
            if (e.code() != ErrorCode.MANIFEST_UNKNOWN) {
                throw e;
            }
            return manifests.fetch(upstream, name, name);
        }
    }

    private ManifestResult afterFailure(ImageReference name, Manifest cached, TagRule rule, Throwable failure) {
        Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
        if (!(cause instanceof RegistryException known)) {
            throw new CompletionException(cause);
        }
        if (isGone(known, rule)) {
            throw known;
        }
        return stale(name, cached, known.getMessage());
    }

    private static boolean isGone(RegistryException answer, TagRule rule) {
        return answer.code() == ErrorCode.MANIFEST_UNKNOWN && !rule.keepsWhatIsGone();
    }

    private ManifestResult stale(ImageReference name, Manifest cached, String why) {
        Instant checked = catalog.checked(name).truncatedTo(ChronoUnit.SECONDS);
        String age = GoDuration.format(Duration.between(checked, clock.instant()));
        return new ManifestResult(
                cached,
                Optional.of(name + " is served from the cache, as it was at " + checked + " (" + age + " ago): " + why
                        + (catalog.isDoubtful(name) ? "; the record of a newer image was lost" : "")));
    }
}
