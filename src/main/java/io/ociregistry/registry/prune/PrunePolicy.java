package io.ociregistry.registry.prune;

import io.ociregistry.oci.ImageReference;
import io.ociregistry.registry.policy.ReferencePatterns;
import java.time.Instant;
import java.util.List;

/** Which images are to go. A new criterion is one more record here. */
public sealed interface PrunePolicy {
    /** True if that one is to go. */
    boolean selects(PruneCandidate candidate);

    /** True if it depends on the time, which is not to be believed while the clock is behind what the records say. */
    boolean isByAge();

    /** What is only chosen by a name, and not by its age, since it goes with something else. */
    default boolean selectsPart(ImageReference name) {
        return false;
    }

    /** Those of which a name matches. */
    record Matching(ReferencePatterns patterns) implements PrunePolicy {
        @Override
        public boolean selects(PruneCandidate candidate) {
            return candidate.names().stream().anyMatch(patterns::matches);
        }

        @Override
        public boolean selectsPart(ImageReference name) {
            return patterns.matches(name);
        }

        @Override
        public boolean isByAge() {
            return false;
        }
    }

    /** Those whose name was first pulled before that. */
    record CreatedBefore(Instant time) implements PrunePolicy {
        @Override
        public boolean selects(PruneCandidate candidate) {
            return candidate.created().isBefore(time);
        }

        @Override
        public boolean isByAge() {
            return true;
        }
    }

    /** Those that no client got since: of an index that counts for it and for what it lists. */
    record PulledBefore(Instant time) implements PrunePolicy {
        @Override
        public boolean selects(PruneCandidate candidate) {
            return candidate.pulled().isBefore(time);
        }

        @Override
        public boolean isByAge() {
            return true;
        }
    }

    /** Those that all of some policies choose; without any, all images. */
    record AllOf(List<PrunePolicy> policies) implements PrunePolicy {
        public AllOf {
            policies = List.copyOf(policies);
        }

        @Override
        public boolean selects(PruneCandidate candidate) {
            return policies.stream().allMatch(policy -> policy.selects(candidate));
        }

        @Override
        public boolean selectsPart(ImageReference name) {
            return !policies.isEmpty() && policies.stream().allMatch(policy -> policy.selectsPart(name));
        }

        @Override
        public boolean isByAge() {
            return policies.stream().anyMatch(PrunePolicy::isByAge);
        }
    }
}
