package io.ociregistry.registry.blob;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.catalog.ContentIndex;
import io.ociregistry.registry.policy.RegistryTrust;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.blob.ConfirmedLinks;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * What upstreams proved to have, which gives their repositories a right to it (ADR 8): by sending a blob whole, or by saying so where their
 * word counts. Anybody can run a registry that says yes to everything.
 */
final class BlobRights {
    private final ContentIndex catalog;
    private final ConfirmedLinks links;
    private final Supplier<RegistryTrust> trust;
    /** Blobs whose upstream said that it sends them, until they have arrived. */
    private final Set<BlobKey> arriving = ConcurrentHashMap.newKeySet();
    /** Blobs that have a link, though only in memory, since the disk did not take them either. */
    private final Set<BlobKey> passed = ConcurrentHashMap.newKeySet();

    BlobRights(ContentIndex catalog, ConfirmedLinks links, Supplier<RegistryTrust> trust) {
        this.catalog = catalog;
        this.links = links;
        this.trust = trust;
    }

    /** True if it is enough that this repository's upstream says it has the blob. Once true it stays so, unless a reload leaves the registry out. */
    boolean isWordEnough(Repository repository, Digest digest) {
        return trust.get().isConfigured(repository.registry()) || catalog.isPublic(digest);
    }

    /** The upstream said that it has that blob. */
    void said(BlobKey blob) {
        if (isWordEnough(blob.repository(), blob.digest())) {
            link(blob);
        }
    }

    /** The upstream has begun to send that blob. */
    void begun(BlobKey blob) {
        arriving.add(blob);
    }

    /**
     * All of it has arrived and is right. Called before it is in the store: nobody else can be shown it before its link is there.
     *
     * @param kept whether it will be in the store
     */
    void arrived(BlobKey blob, boolean kept) {
        if (kept) {
            link(blob);
        } else if (catalog.confirmBlob(linkTo(blob))) {
            passed.add(blob);
        }
    }

    /** Nothing more of that blob will arrive. */
    void ended(BlobKey blob) {
        arriving.remove(blob);
    }

    /** True if that blob is being sent by that very repository. */
    boolean isArriving(BlobKey blob) {
        return arriving.contains(blob);
    }

    private void link(BlobKey blob) {
        ConfirmedLink link = linkTo(blob);
        if (catalog.confirmBlob(link) || passed.remove(blob)) {
            links.add(link);
        }
    }

    private ConfirmedLink linkTo(BlobKey blob) {
        return new ConfirmedLink(
                blob.repository(),
                blob.digest(),
                trust.get().isPublic(blob.repository().registry()));
    }
}
