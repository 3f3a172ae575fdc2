package io.ociregistry.registry.prune;

import io.ociregistry.store.BlobStore;
import io.ociregistry.store.BlobStore.BlobFile;
import io.ociregistry.store.IncompleteImages;
import io.ociregistry.store.LinkStore;
import io.ociregistry.store.ListStore;
import io.ociregistry.store.ManifestStore;
import io.ociregistry.store.Store;
import java.util.Collection;

/**
 * The parts of one store that a pruning deletes from. A running server passes the objects that it serves from,
 * because these hold state in memory.
 */
public record PrunedStore(
        ManifestStore records, BlobStore blobs, LinkStore links, ListStore lists, IncompleteImages incompleteImages) {
    /** Returns the parts of an open store. */
    public static PrunedStore of(Store store) {
        return new PrunedStore(
                store.manifests(), store.blobs(), store.links(), store.lists(), store.incompleteImages());
    }

    /**
     * Returns the bytes of the given blobs, of all records and of all interrupted downloads; not of those in flight.
     */
    long bytes(Collection<BlobFile> files) {
        return files.stream().mapToLong(BlobFile::size).sum() + blobs.interruptedBytes() + records.bytes();
    }
}
