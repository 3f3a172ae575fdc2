package io.ociregistry.store;

import java.time.Instant;
import java.util.Optional;

/**
 * The last good answers of upstreams for lists of tags and referrers. A list that can't be read counts as absent and is
 * replaced by the next answer. When there are too many, the oldest are deleted. Thread-safe.
 */
public interface ListStore {
    /**
     * A list of tags or referrers that an upstream sent.
     *
     * @param checked the time at which the upstream sent it
     * @param json the list in the form in which it is sent to clients
     */
    @SuppressWarnings("ArrayRecordComponent") // Lists are never compared.
    record StoredList(Instant checked, byte[] json) {}

    /** Returns the last stored answer for a list. */
    Optional<StoredList> find(ListName name);

    /**
     * Returns why this process may not read a list, or records of manifests that may be in the list; empty if it may.
     */
    Optional<String> unreadableReason(ListName name);

    /** Stores a list, unless the store is read-only. A failure is only logged. */
    void put(ListName name, StoredList list);

    /** Deletes a list. A failure is only logged. */
    void remove(ListName name);
}
