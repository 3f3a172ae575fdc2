package io.ociregistry.registry.prune;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.store.BlobFile;
import io.ociregistry.store.blob.DiskBlobStore;
import io.ociregistry.store.blob.DiskLinkStore;
import io.ociregistry.store.blob.DiskIncompleteImages;
import io.ociregistry.store.blob.DiskListStore;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.manifest.DiskManifestStore;
import java.util.Collection;

/**
 * The parts of one store on disk that a pruning deletes from. A running server passes the objects that it serves from,
 * because these hold state in memory.
 */
public record PrunedStore(
        DiskManifestStore records,
        DiskBlobStore blobs,
        DiskLinkStore links,
        DiskListStore lists,
        DiskIncompleteImages incompleteImages) {
    /** Opens the parts of a store that no server uses. */
    static PrunedStore in(Layout layout, ServerConfig config) {
        return new PrunedStore(
                new DiskManifestStore(layout, config.maxManifestBytes()),
                new DiskBlobStore(layout, config.timeouts().stall()),
                new DiskLinkStore(layout),
                new DiskListStore(layout),
                new DiskIncompleteImages(layout));
    }

    /**
     * Returns the bytes of the given blobs, of all records and of all interrupted downloads; not of those in flight.
     */
    long bytes(Collection<BlobFile> files) {
        return files.stream().mapToLong(BlobFile::size).sum() + blobs.interruptedBytes() + records.bytes();
    }
}
