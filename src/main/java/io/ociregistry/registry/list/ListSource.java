package io.ociregistry.registry.list;

import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.ListName;
import io.ociregistry.upstream.Upstream;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/** One kind of list that upstreams have: where it comes from, and what is known of it here. */
public interface ListSource<N extends ListName, V> {
    /**
     * Asks the upstream; blocks.
     *
     * @throws RegistryException {@code NAME_UNKNOWN} if it says that there is no such list; anything else is a failure
     */
    V fetch(Upstream upstream, N name);

    /**
     * Asks the upstream for a page; blocks.
     *
     * @param whole gets the list if this page makes known all of it
     * @throws RegistryException as {@link #fetch}
     */
    ListResult<V> page(Upstream upstream, N name, ListPage asked, Consumer<V> whole);

    /** That page of a whole list. */
    ListResult<V> cut(V whole, ListPage asked);

    /** Whether the upstream sends such a list at once, so that a page of it takes as long as all of it. */
    boolean isShort(V list);

    /** The beginning of a list whose end has not come yet; empty if there is none, or if a part of such a list says nothing. */
    Optional<ListResult<V>> begun(N name);

    /** How many of them are fetched from one upstream at a time: they can be long, and manifests come the same way. */
    int atATime();

    /** How long such an answer is given without asking again. */
    Duration maxAge(V list);

    /** Whether it is worth a file. */
    boolean isKept(N name, V list);

    /**
     * What can be said where the upstream can't be asked.
     *
     * @param last what it said last
     * @return empty if that is nothing
     */
    Optional<V> offline(N name, Optional<V> last);

    /** The list as it is kept. */
    byte[] write(N name, V list);

    /**
     * Reads what was kept, or what somebody put there.
     *
     * @throws RegistryException if it is no such list
     */
    V read(byte[] json);
}
