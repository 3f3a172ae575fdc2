package io.ociregistry.registry.blob;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.policy.RegistryTrust;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.blob.ConfirmedLinks;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Gives repositories their confirmed links to blobs (ADR 8); thread-safe.
 *
 * <p>A repository gets a link when its upstream has sent the whole blob, or when its upstream's HEAD answer is
 * trusted. Not every HEAD answer is trusted, because anybody can run a registry that answers 200 to everything.
 */
final class BlobAccess {
    private final ContentIndex index;
    private final ConfirmedLinks links;
    private final Supplier<RegistryTrust> trust;
    /** Blobs that an upstream has started to send, until the transfer ends. */
    private final Set<BlobKey> inFlight = ConcurrentHashMap.newKeySet();
    /** Blobs that were passed through without being stored: their links exist in memory only. */
    private final Set<BlobKey> unsaved = ConcurrentHashMap.newKeySet();

    BlobAccess(ContentIndex index, ConfirmedLinks links, Supplier<RegistryTrust> trust) {
        this.index = index;
        this.links = links;
        this.trust = trust;
    }

    /**
     * Returns true if a HEAD answer of the repository's upstream is trusted as a confirmation of this blob: the
     * registry is configured, or the blob is public. A reload or a prune may make it false.
     */
    boolean isTrustedToConfirm(Repository repository, Digest digest) {
        return trust.get().isConfigured(repository.registry()) || index.isPublic(digest);
    }

    /** Notes that the upstream answered a HEAD request with success. */
    void confirmedByHead(BlobKey blob) {
        if (isTrustedToConfirm(blob.repository(), blob.digest())) {
            link(blob);
        }
    }

    /** Notes that the upstream has started to send this blob. */
    void started(BlobKey blob) {
        inFlight.add(blob);
    }

    /**
     * Notes that the whole blob was received and its digest is right. Called before the blob is published, so that
     * its link exists before any other repository can be shown the blob.
     *
     * @param isStored true if the blob will be in the store, false if it was only passed through
     */
    void received(BlobKey blob, boolean isStored) {
        if (isStored) {
            link(blob);
        } else if (index.confirmBlob(linkTo(blob))) {
            unsaved.add(blob);
        }
    }

    /** Notes that the transfer of this blob has ended, successfully or not. */
    void ended(BlobKey blob) {
        inFlight.remove(blob);
    }

    /** Returns true if the upstream is sending this blob for this very repository now. */
    boolean isInFlight(BlobKey blob) {
        return inFlight.contains(blob);
    }

    private void link(BlobKey blob) {
        ConfirmedLink link = linkTo(blob);
        if (index.confirmBlob(link) || unsaved.remove(blob)) {
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
