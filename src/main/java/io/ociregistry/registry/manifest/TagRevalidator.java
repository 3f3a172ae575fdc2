package io.ociregistry.registry.manifest;

import io.ociregistry.config.model.TagRule;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.upstream.Upstream;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Decides whether a cached tag still means its manifest; thread-safe.
 *
 * <p>If the rule for a tag requires it, or the tag's newest record is lost, the upstream is asked by HEAD. This class
 * changes no manifest: {@link ManifestService} acts on the {@link Verdict}.
 */
final class TagRevalidator {
    private final ContentIndex index;
    private final Supplier<RuntimeConfig> config;
    private final Clock clock;

    TagRevalidator(ContentIndex index, Supplier<RuntimeConfig> config, Clock clock) {
        this.index = index;
        this.config = config;
        this.clock = clock;
    }

    /** Returns true if the cached manifest of a name may be served without asking its upstream. */
    boolean isFresh(ImageReference name) {
        return !(name.reference() instanceof Tag tag)
                || (!index.isDoubtful(name) && isConfirmedWithin(rule(name, tag).maxAge(), name));
    }

    private boolean isConfirmedWithin(Duration maxAge, ImageReference name) {
        Duration age = Duration.between(index.lastConfirmed(name), clock.instant());
        // A confirmation in the future was made while the clock was wrong, so it counts as old.
        return maxAge.equals(TagRule.FOREVER) || (!age.isNegative() && age.compareTo(maxAge) < 0);
    }

    /**
     * Asks the upstream by HEAD which manifest a name means, and records the time if it is the cached one. Blocks.
     *
     * @return {@link Verdict.Fresh} or {@link Verdict.Changed}
     * @throws RegistryException the failure of the upstream
     */
    Verdict revalidate(Upstream upstream, ImageReference name, Manifest cached) {
        Optional<Digest> current = upstream.headManifest(name.repository().name(), name.reference())
                .digest();
        if (current.filter(cached::hasDigest).isEmpty()) {
            return new Verdict.Changed(current);
        }
        index.refresh(name, cached.digest(), clock.instant());
        return new Verdict.Fresh();
    }

    /** Returns the verdict about a name after a request to its upstream failed. */
    Verdict afterFailure(ImageReference name, RegistryException failure) {
        boolean isGone = failure.code() == ErrorCode.MANIFEST_UNKNOWN
                && name.reference() instanceof Tag tag
                && !rule(name, tag).keepOnNotFound();
        return isGone ? new Verdict.Gone(failure) : new Verdict.Unreachable(failure);
    }

    private TagRule rule(ImageReference name, Tag tag) {
        return config.get().tags().rule(name.repository().registry(), tag.value());
    }
}
