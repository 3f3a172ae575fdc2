package io.ociregistry.registry.list;

import io.ociregistry.metrics.Provenance;
import java.util.Optional;

/**
 * A list, or a page of it, for an answer to a client.
 *
 * @param next the next page; empty if the list ends here
 * @param warning the reason why the upstream may have another list now; empty if the list is not stale
 */
public record ListResult<V>(V list, Optional<ListPage> next, Optional<String> warning, Provenance provenance) {
    /** Returns the result for a list in the cache. */
    static <V> ListResult<V> of(V list) {
        return of(list, Optional.empty());
    }

    static <V> ListResult<V> of(V list, Optional<ListPage> next) {
        return new ListResult<>(list, next, Optional.empty(), Provenance.HIT);
    }

    ListResult<V> with(Provenance other) {
        return new ListResult<>(list, next, warning, other);
    }

    /** Returns the result for a client that joined the request of another one. */
    ListResult<V> joined() {
        return with(provenance.joined());
    }
}
