package io.ociregistry.registry.prune;

import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A request to a {@link Pruner}.
 *
 * @param policy which images may be removed
 * @param count the most images to remove, least recently pulled first
 * @param maxSize the most bytes of the cache after the prune; the least recently pulled images are removed first
 * @param dryRun whether the prune only reports what it would remove
 */
public record PruneRequest(PrunePolicy policy, OptionalInt count, OptionalLong maxSize, boolean dryRun) {
    public PruneRequest(PrunePolicy policy, boolean dryRun) {
        this(policy, OptionalInt.empty(), OptionalLong.empty(), dryRun);
    }
}
