package io.ociregistry.registry.list;

import java.util.Optional;

/**
 * A list, or a page of it, for an answer to a client.
 *
 * @param next the next page; empty if the list ends here
 * @param warning the reason why the upstream may have another list now; empty if the list is not stale
 */
public record ListResult<V>(V list, Optional<ListPage> next, Optional<String> warning) {
    static <V> ListResult<V> of(V list) {
        return of(list, Optional.empty());
    }

    static <V> ListResult<V> of(V list, Optional<ListPage> next) {
        return new ListResult<>(list, next, Optional.empty());
    }
}
