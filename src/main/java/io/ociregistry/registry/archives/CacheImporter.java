package io.ociregistry.registry.archives;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.index.PrunePins;
import io.ociregistry.store.BlobDownload;
import io.ociregistry.store.BlobStore;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.LinkStore;
import io.ociregistry.store.ManifestStore;
import io.ociregistry.store.ManifestSummary;
import java.io.IOException;
import java.time.Clock;
import java.util.Collection;
import java.util.Optional;

/**
 * Writes imported content to the cache, without a request to its registry.
 *
 * <p>An import counts as a confirmation by the registry (ADR 8), but its links are never public, because an archive
 * does not say whether its registry requires credentials. Thread-safe.
 */
public final class CacheImporter {
    private final ManifestStore records;
    private final ContentIndex catalog;
    private final LinkStore links;
    private final BlobStore blobs;
    private final Clock clock;

    public CacheImporter(ManifestStore records, ContentIndex catalog, LinkStore links, BlobStore blobs, Clock clock) {
        this.records = records;
        this.catalog = catalog;
        this.links = links;
        this.blobs = blobs;
        this.clock = clock;
    }

    /** Returns pins that protect blobs from pruning until their manifests are recorded; the caller closes them. */
    PrunePins openPins() {
        return new PrunePins(catalog);
    }

    /** Returns a cached manifest, whatever its names are. */
    Optional<Manifest> manifest(Digest digest) {
        return records.find(digest);
    }

    /** True if the blob is stored, or if a file exists that can be the blob and is verified when it is served. */
    boolean has(Descriptor blob) {
        return blobs.mayContain(blob);
    }

    boolean isVerified(Digest blob) {
        return blobs.isVerified(blob);
    }

    /** Returns the reason why the file of a blob can't be read; empty if it can be read or does not exist. */
    Optional<String> unreadable(Digest blob) {
        return blobs.unreadableReason(blob);
    }

    BlobDownload startDownload(Digest blob, Repository source) {
        return blobs.startDownload(blob, source);
    }

    void discard(BlobDownload blob) {
        blobs.discard(blob);
    }

    /** Makes a verified blob visible in these repositories. */
    void publish(BlobDownload blob, Collection<Repository> repositories) throws IOException {
        // Links come first: without a link, no repository could show the published blob.
        link(blob.digest(), repositories);
        blobs.publish(blob);
    }

    /** Links a stored blob to more repositories. */
    void link(Digest blob, Collection<Repository> repositories) {
        for (Repository repository : repositories) {
            ConfirmedLink link = new ConfirmedLink(repository, blob, false);
            if (catalog.confirmBlob(link)) {
                links.add(link);
            }
        }
    }

    boolean isRecorded(ImageReference name, Manifest manifest) {
        return catalog.find(name).filter(manifest.digest()::equals).isPresent()
                && records.find(manifest.digest()).isPresent();
    }

    /**
     * Records the manifest of a name, unless the name means it already.
     *
     * @throws IOException if the record can't be written
     */
    void recordName(ImageReference name, Manifest manifest) throws IOException {
        if (isRecorded(name, manifest)) {
            return;
        }
        catalog.confirmManifest(name.repository(), manifest.digest());
        records.confirm(
                manifest,
                name,
                catalog.nextConfirmationTime(name, clock.instant()),
                record -> catalog.add(ManifestSummary.of(record)));
        if (!records.isSaved(manifest.digest())) {
            throw new IOException(records.unreadableReason(manifest.digest())
                    .map(why -> "the record of " + name + " exists but is unreadable: " + why)
                    .orElse("the disk of the cache can't store the record of " + name + "; see the log"));
        }
    }
}
