package io.ociregistry.store.factory;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.Digest;
import io.ociregistry.store.BlobStore;
import io.ociregistry.store.DiskQuota;
import io.ociregistry.store.IncompleteImages;
import io.ociregistry.store.Inspector;
import io.ociregistry.store.Inspector.ReadThrottle;
import io.ociregistry.store.LinkStore;
import io.ociregistry.store.ListStore;
import io.ociregistry.store.ManifestStore;
import io.ociregistry.store.Store;
import io.ociregistry.store.StoreStatus;
import io.ociregistry.store.TemporaryFile;
import io.ociregistry.store.blob.DiskBlobStore;
import io.ociregistry.store.blob.DiskIncompleteImages;
import io.ociregistry.store.blob.DiskLinkStore;
import io.ociregistry.store.blob.DiskListStore;
import io.ociregistry.store.check.DiskInspector;
import io.ociregistry.store.check.ScrubTimeFile;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.Quarantine;
import io.ociregistry.store.disk.StoreAccess;
import io.ociregistry.store.download.BesideReceiver;
import io.ociregistry.store.manifest.DiskManifestStore;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;

/** The store in the image path. */
final class DiskStore implements Store {
    private final StoreAccess access;
    private final long maxManifestBytes;
    private final Quarantine quarantine;
    private final DiskQuota quota = DiskQuota.unlimited();
    private final BlobStore blobs;
    private final ManifestStore manifests;
    private final LinkStore links;
    private final ListStore lists;
    private final IncompleteImages incompleteImages;
    private final ScrubTimeFile scrubTime;
    private volatile Duration stallTimeout;

    /** Owns the access and closes it. */
    DiskStore(StoreAccess access, ServerConfig config) {
        Layout layout = access.layout();
        this.quarantine = new Quarantine(layout);
        this.access = access;
        this.maxManifestBytes = config.maxManifestBytes();
        this.stallTimeout = config.timeouts().stall();
        this.blobs = new DiskBlobStore(layout, quarantine, () -> stallTimeout, quota, System::nanoTime);
        this.manifests = new DiskManifestStore(layout, quarantine, maxManifestBytes);
        this.links = new DiskLinkStore(layout);
        this.lists = new DiskListStore(layout);
        this.incompleteImages = new DiskIncompleteImages(layout);
        this.scrubTime = new ScrubTimeFile(layout);
    }

    @Override
    public BlobStore blobs() {
        return blobs;
    }

    @Override
    public ManifestStore manifests() {
        return manifests;
    }

    @Override
    public LinkStore links() {
        return links;
    }

    @Override
    public ListStore lists() {
        return lists;
    }

    @Override
    public IncompleteImages incompleteImages() {
        return incompleteImages;
    }

    @Override
    public TemporaryFile createTemporaryFile(String purpose) throws IOException {
        return DiskTemporaryFile.create(access.layout(), purpose, quota);
    }

    @Override
    public DiskQuota quota() {
        return quota;
    }

    @Override
    public StoreStatus status() {
        return access;
    }

    @Override
    public Inspector inspector(ReadThrottle throttle) {
        return new DiskInspector(access.layout(), maxManifestBytes, throttle);
    }

    @Override
    public Optional<Instant> lastScrub() {
        return scrubTime.read();
    }

    @Override
    public void recordScrub(Instant started) {
        scrubTime.write(started);
    }

    @Override
    public long quarantined(StoreStatus.Content kind) {
        return quarantine.count(kind);
    }

    @Override
    public void setStallTimeout(Duration timeout) {
        stallTimeout = timeout;
    }

    @Override
    public void setContentNotes(Function<Digest, String> notes) {
        access.layout().notes().set(notes);
    }

    @Override
    public void close() {
        BesideReceiver.endThreads();
        access.close();
    }
}
