package io.ociregistry.registry.list;

import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.ListName;
import io.ociregistry.upstream.Upstream;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/** A kind of list, such as tags: how it is fetched from upstreams, how it is stored, and what the cache knows of it. */
public interface ListSource<N extends ListName, V> {
    /**
     * Fetches the whole list from the upstream; blocks.
     *
     * @throws RegistryException {@code NAME_UNKNOWN} if the upstream answers that it has no such list; every other
     *     code is a failure
     */
    V fetch(Upstream upstream, N name);

    /**
     * Fetches a page from the upstream; blocks.
     *
     * @param whole receives the whole list if it is known after this page
     * @throws RegistryException as {@link #fetch}
     */
    ListResult<V> fetchPage(Upstream upstream, N name, ListPage asked, Consumer<V> whole);

    ListResult<V> slice(V whole, ListPage asked);

    /** Returns true if the upstream sends this list in one page, so that one page of it costs as much as the whole. */
    boolean isOnePage(V list);

    /**
     * Returns the pages received so far of a list that is being fetched; empty if there are none, or if a part of
     * such a list must not be shown.
     */
    Optional<ListResult<V>> received(N name);

    /** Returns how many of these lists are fetched from one upstream at a time; manifests use the same threads. */
    int maxConcurrent();

    Duration maxAge(V list);

    boolean isStored(N name, V list);

    /** Returns true if an air-gapped server lists entries that it can't serve. */
    boolean showsUncached();

    /**
     * Returns the list that the cache can give without the upstream.
     *
     * @param last the last list from the upstream
     * @return empty if the cache knows nothing of the list
     */
    Optional<V> cached(N name, Optional<V> last);

    /** Returns the JSON of a list as it is stored. */
    byte[] toJson(N name, V list);

    /**
     * Parses a stored list, which another program may have written.
     *
     * @throws RegistryException if the JSON is not such a list
     */
    V parse(byte[] json);
}
