package io.ociregistry.registry.list;

import java.util.Optional;

/**
 * A list to answer with.
 *
 * @param next the page that follows; empty if the list ends here
 * @param warning why it may not be what the upstream has now; empty if it is, or was a moment ago
 */
public record ListResult<V>(V list, Optional<ListPage> next, Optional<String> warning) {
    static <V> ListResult<V> certain(V list) {
        return certain(list, Optional.empty());
    }

    static <V> ListResult<V> certain(V list, Optional<ListPage> next) {
        return new ListResult<>(list, next, Optional.empty());
    }
}
