package io.ociregistry.registry.archives;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.registry.catalog.ContentIndex;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.disk.StoreAccess;
import io.ociregistry.store.manifest.ManifestStore;
import java.time.Duration;

/** Writes what is in a cache into an archive that can be carried to another. Reads only, also beside the server that fills the cache. */
public final class CacheExport {
    private final ContentIndex catalog;
    private final ManifestStore records;
    private final BlobStore blobs;

    private CacheExport(ContentIndex catalog, ManifestStore records, BlobStore blobs) {
        this.catalog = catalog;
        this.records = records;
        this.blobs = blobs;
    }

    /** That of a store that is open, as it is now. */
    public static CacheExport of(StoreAccess access, ServerConfig config) {
        ManifestStore records = new ManifestStore(access.layout(), config.maxManifestBytes());
        return new CacheExport(ContentIndex.of(records), records, new BlobStore(access.layout(), Duration.ZERO));
    }

    /** Looks what there is of what is asked for. */
    public ExportPlan plan(ExportRequest request) {
        ExportSelection selection = new ExportSelection(catalog, records, blobs, request);
        selection.choose();
        return new ExportPlan(records, blobs, request.have(), selection);
    }
}
