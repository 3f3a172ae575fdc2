package io.ociregistry.registry.prune;

import io.ociregistry.oci.ImageReference;
import io.ociregistry.registry.policy.ReferencePatterns;
import java.time.Instant;
import java.util.List;

/** Selects the images that a prune removes. A new criterion is one more record here. */
public sealed interface PrunePolicy {
    /**
     * A tag, or a manifest without a tag that nothing in its repository keeps, which a request may select.
     *
     * @param name the tag, or the manifest by its digest
     * @param matchableNames every name that a pattern may match
     * @param created when a client first pulled this name
     * @param pulled when a client last pulled this name, or a manifest that it lists
     */
    record Candidate(ImageReference name, List<ImageReference> matchableNames, Instant created, Instant pulled) {}

    /** Returns true if the candidate is to be removed. */
    boolean selects(Candidate candidate);

    /** Returns true if the selection depends on the clock, which is refused while the clock is behind the records. */
    default boolean isByAge() {
        return false;
    }

    /** Returns true if a referrer's tag is selected; by name only, because its age is that of its subject. */
    default boolean selectsDependent(ImageReference name) {
        return false;
    }

    record Matching(ReferencePatterns patterns) implements PrunePolicy {
        @Override
        public boolean selects(Candidate candidate) {
            return candidate.matchableNames().stream().anyMatch(patterns::matches);
        }

        @Override
        public boolean selectsDependent(ImageReference name) {
            return patterns.matches(name);
        }
    }

    /** Selects names that were first pulled before a time. */
    record CreatedBefore(Instant time) implements PrunePolicy {
        @Override
        public boolean selects(Candidate candidate) {
            return candidate.created().isBefore(time);
        }

        @Override
        public boolean isByAge() {
            return true;
        }
    }

    /** Selects images that no client pulled since a time. A pull of a manifest counts for the indexes that list it. */
    record PulledBefore(Instant time) implements PrunePolicy {
        @Override
        public boolean selects(Candidate candidate) {
            return candidate.pulled().isBefore(time);
        }

        @Override
        public boolean isByAge() {
            return true;
        }
    }

    /** Selects images that every one of several policies selects; without any policy, all images. */
    record AllOf(List<PrunePolicy> policies) implements PrunePolicy {
        public AllOf {
            policies = List.copyOf(policies);
        }

        @Override
        public boolean selects(Candidate candidate) {
            return policies.stream().allMatch(policy -> policy.selects(candidate));
        }

        @Override
        public boolean selectsDependent(ImageReference name) {
            return !policies.isEmpty() && policies.stream().allMatch(policy -> policy.selectsDependent(name));
        }

        @Override
        public boolean isByAge() {
            return policies.stream().anyMatch(PrunePolicy::isByAge);
        }
    }
}
