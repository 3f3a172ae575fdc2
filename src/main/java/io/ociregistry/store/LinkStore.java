package io.ociregistry.store;

import java.util.Collection;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The confirmed digest links: which repositories may show which blobs, because their upstream confirmed it (ADR 8).
 *
 * <p>A link is durable before the blob can be published: a stored blob whose links are lost can be shown by any
 * repository whose manifest names it. A store without links was written by a program that has no confirmed links.
 * Thread-safe.
 */
public interface LinkStore {
    /** Returns false if this store never had links. */
    boolean isCreated();

    /** Creates the first links, all or none. If the disk fails, every later change retries it. */
    void create(Collection<ConfirmedLink> links);

    /** Passes all links that can be read to an action. */
    void forEach(Consumer<ConfirmedLink> action);

    /** Adds a link, unless the first links could not be written: then no blob can be written either. */
    void add(ConfirmedLink link);

    /** Removes all links that are not wanted. */
    void retain(Predicate<ConfirmedLink> wanted);

    /** Retries to write links that the disk did not take. */
    void save();
}
