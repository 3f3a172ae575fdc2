package io.ociregistry.registry.archives;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.store.blob.DiskBlobStore;
import io.ociregistry.store.disk.StoreAccess;
import io.ociregistry.store.manifest.DiskManifestStore;
import java.time.Duration;

/**
 * Exports images of a cache to an archive, which another cache can import.
 *
 * <p>Only reads the cache, so that it can run while a server uses the cache.
 */
public final class CacheExport {
    private final ContentIndex catalog;
    private final DiskManifestStore records;
    private final DiskBlobStore blobs;

    private CacheExport(ContentIndex catalog, DiskManifestStore records, DiskBlobStore blobs) {
        this.catalog = catalog;
        this.records = records;
        this.blobs = blobs;
    }

    /** Reads the contents of an open store as they are now; later changes are not seen. */
    public static CacheExport of(StoreAccess access, ServerConfig config) {
        DiskManifestStore records = new DiskManifestStore(access.layout(), config.maxManifestBytes());
        return new CacheExport(ContentIndex.of(records), records, new DiskBlobStore(access.layout(), Duration.ZERO));
    }

    /** Selects the requested content that is cached. */
    public ExportPlan plan(ExportRequest request) {
        ExportSelection selection = new ExportSelection(catalog, records, blobs, request);
        selection.select();
        return new ExportPlan(records, blobs, request.have(), selection);
    }
}
