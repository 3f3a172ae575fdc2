package io.ociregistry.registry.prune;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.store.BlobFile;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.blob.ConfirmedLinks;
import io.ociregistry.store.blob.IncompleteImages;
import io.ociregistry.store.blob.ListStore;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.manifest.ManifestStore;
import java.util.Collection;

/**
 * The parts of one store on disk that a pruning deletes from. A running server passes the objects that it serves from,
 * because these hold state in memory.
 */
public record PrunedStore(
        ManifestStore records,
        BlobStore blobs,
        ConfirmedLinks links,
        ListStore lists,
        IncompleteImages incompleteImages) {
    /** Opens the parts of a store that no server uses. */
    static PrunedStore in(Layout layout, ServerConfig config) {
        return new PrunedStore(
                new ManifestStore(layout, config.maxManifestBytes()),
                new BlobStore(layout, config.timeouts().stall()),
                new ConfirmedLinks(layout),
                new ListStore(layout),
                new IncompleteImages(layout));
    }

    /**
     * Returns the bytes of the given blobs, of all records and of all interrupted downloads; not of those in flight.
     */
    long bytes(Collection<BlobFile> files) {
        return files.stream().mapToLong(BlobFile::size).sum() + blobs.interruptedBytes() + records.bytes();
    }
}
