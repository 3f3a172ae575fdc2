package io.ociregistry.registry.prune;

import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What is asked of a {@link Pruner}.
 *
 * @param policy what may go
 * @param count how many images at most, least recently pulled first
 * @param maxSize only as many, least recently pulled first, as it takes for the cache to have no more bytes than that
 * @param dryRun whether it is only to be told
 */
public record PruneRequest(PrunePolicy policy, OptionalInt count, OptionalLong maxSize, boolean dryRun) {
    /** All that a policy chooses. */
    public PruneRequest(PrunePolicy policy, boolean dryRun) {
        this(policy, OptionalInt.empty(), OptionalLong.empty(), dryRun);
    }
}
