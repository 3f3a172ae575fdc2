package io.ociregistry.registry.archives;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.catalog.ContentIndex;
import io.ociregistry.registry.catalog.PrunePins;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.blob.ConfirmedLinks;
import io.ociregistry.store.download.BlobDownload;
import io.ociregistry.store.manifest.ManifestStore;
import java.io.IOException;
import java.time.Clock;
import java.util.Collection;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Takes into the cache what comes in by hand, with nobody to ask. The operator's word counts as that of its registry would (ADR 8), but never makes
 * anything public: nobody said that it is shown without credentials.
 */
public final class CacheImporter {
    private final ManifestStore records;
    private final ContentIndex catalog;
    private final ConfirmedLinks links;
    private final BlobStore blobs;
    private final Clock clock;

    public CacheImporter(
            ManifestStore records, ContentIndex catalog, ConfirmedLinks links, BlobStore blobs, Clock clock) {
        this.records = records;
        this.catalog = catalog;
        this.links = links;
        this.blobs = blobs;
        this.clock = clock;
    }

    /** What is held in it is not pruned before its manifest is named. */
    PrunePins holding() {
        return new PrunePins(catalog);
    }

    /** A manifest that is here, whatever it is called. */
    Optional<Manifest> manifest(Digest digest) {
        return records.find(digest);
    }

    /** True if that blob is here, or a file that is verified when it is served. */
    boolean has(Descriptor blob) {
        return blobs.mayHave(blob.digest(), blob.size() < 0 ? OptionalLong.empty() : OptionalLong.of(blob.size()));
    }

    boolean isVerified(Digest blob) {
        return blobs.isVerified(blob);
    }

    /** Why the file of a blob that is here can't be read; empty if it can. */
    Optional<String> unreadable(Digest blob) {
        return blobs.unreadable(blob);
    }

    BlobDownload begin(Digest blob, Repository source) {
        return blobs.begin(blob, source);
    }

    void discard(BlobDownload blob) {
        blobs.discard(blob);
    }

    /** Makes a verified blob visible in these repositories. */
    void publish(BlobDownload blob, Collection<Repository> repositories) throws IOException {
        // First: nobody else can be shown it before its links are there.
        link(blob.digest(), repositories);
        blobs.publish(blob);
    }

    /** Shows what is here in these repositories too. */
    void link(Digest blob, Collection<Repository> repositories) {
        for (Repository repository : repositories) {
            ConfirmedLink link = new ConfirmedLink(repository, blob, false);
            if (catalog.confirmBlob(link)) {
                links.add(link);
            }
        }
    }

    /** True if a name means that manifest already. */
    boolean isNamed(ImageReference name, Manifest manifest) {
        return catalog.find(name).filter(manifest.digest()::equals).isPresent()
                && records.find(manifest.digest()).isPresent();
    }

    /**
     * Writes down what a name means, unless it means that already.
     *
     * @throws IOException if the disk does not take it
     */
    void name(ImageReference name, Manifest manifest) throws IOException {
        if (isNamed(name, manifest)) {
            return;
        }
        catalog.confirmManifest(name.repository(), manifest.digest());
        records.confirm(
                manifest,
                name,
                catalog.nextCheck(name, clock.instant()),
                record -> catalog.add(ManifestSummary.of(record)));
        if (!records.isSaved(manifest.digest())) {
            throw new IOException(records.unreadable(manifest.digest())
                    .map(why -> "the record of " + name + " is there but unreadable: " + why)
                    .orElse("it does not take the record of " + name));
        }
    }
}
