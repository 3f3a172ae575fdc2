package io.ociregistry.registry;

import java.util.Optional;

/**
 * A list to answer with.
 *
 * @param warning why it may not be what the upstream has now; empty if it is, or was a moment ago
 */
public record Listed<V>(V list, Optional<String> warning) {
    static <V> Listed<V> certain(V list) {
        return new Listed<>(list, Optional.empty());
    }
}
