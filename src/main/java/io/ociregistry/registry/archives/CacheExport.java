package io.ociregistry.registry.archives;

import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.store.BlobStore;
import io.ociregistry.store.ManifestStore;
import io.ociregistry.store.Store;

/**
 * Exports images of a cache to an archive, which another cache can import.
 *
 * <p>Only reads the cache, so that it can run while a server uses the cache.
 */
public final class CacheExport {
    private final ContentIndex catalog;
    private final ManifestStore records;
    private final BlobStore blobs;

    private CacheExport(ContentIndex catalog, ManifestStore records, BlobStore blobs) {
        this.catalog = catalog;
        this.records = records;
        this.blobs = blobs;
    }

    /** Reads the contents of an open store as they are now; later changes are not seen. */
    public static CacheExport of(Store store) {
        return new CacheExport(ContentIndex.of(store.manifests()), store.manifests(), store.blobs());
    }

    /** Selects the requested content that is cached. */
    public ExportPlan plan(ExportRequest request) {
        ExportSelection selection = new ExportSelection(catalog, records, blobs, request);
        selection.select();
        return new ExportPlan(records, blobs, request.have(), selection);
    }
}
