package io.ociregistry.registry.blob;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.index.ImageNames;
import io.ociregistry.registry.manifest.ManifestAsBlobCheck;
import io.ociregistry.registry.policy.RegistryTrust;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.BlobStore;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.LinkStore;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Decides how a repository gets a blob, and gives repositories their confirmed links to blobs (ADR 8, ADR 35);
 * thread-safe.
 *
 * <p>A repository gets a link when its upstream has sent the whole blob, or when its upstream's HEAD answer is
 * trusted. Not every HEAD answer is trusted, because anybody can run a registry that answers 200 to everything.
 */
final class BlobAccess {
    /** A repository and the digest of one of its blobs. */
    record BlobKey(Repository repository, Digest digest) {
        @Override
        public String toString() {
            return "blob " + repository + "@" + digest;
        }
    }

    private final ContentIndex index;
    private final LinkStore links;
    private final BlobStore store;
    private final Downloads downloads;
    private final Supplier<RegistryTrust> trust;
    private final ImageNames names;
    /** Blobs that an upstream has started to send, until the transfer ends. */
    private final Set<BlobKey> sending = ConcurrentHashMap.newKeySet();
    /** Blobs that were passed through without being stored: their links exist in memory only. */
    private final Set<BlobKey> unsaved = ConcurrentHashMap.newKeySet();

    BlobAccess(
            ContentIndex index,
            LinkStore links,
            BlobStore store,
            Downloads downloads,
            Supplier<RegistryTrust> trust,
            ImageNames names) {
        this.index = index;
        this.names = names;
        this.links = links;
        this.store = store;
        this.downloads = downloads;
        this.trust = trust;
    }

    /**
     * Decides how a repository gets a blob now. Never blocks, and asks no upstream. The decision of a linked blob needs
     * memory only; otherwise it may look for a file.
     */
    Decision decide(Repository repository, Digest digest) {
        if (index.isOnlyManifest(repository, digest)) {
            return new Decision.Refuse(ManifestAsBlobCheck.isManifest(repository, digest));
        }
        if (index.hasBlob(repository, digest)) {
            return new Decision.Stored();
        }
        boolean isTrusted = isTrustedToConfirm(repository, digest);
        if (sending.contains(new BlobKey(repository, digest))) {
            return new Decision.Join(isTrusted);
        }
        boolean isInFlight = downloads.isInFlight(Downloads.Key.of(repository, digest));
        return isInFlight || (isTrusted && store.contains(digest))
                ? new Decision.Confirm(isTrusted)
                : new Decision.Fetch();
    }

    /**
     * Returns true if a HEAD answer of the repository's upstream is trusted as a confirmation of this blob: the
     * registry is configured, or the blob is public. A reload or a prune may make it false.
     */
    private boolean isTrustedToConfirm(Repository repository, Digest digest) {
        return trust.get().isConfigured(repository.registry()) || index.isPublic(digest);
    }

    /** Opens a stored and verified blob to which the repository has a link; the caller closes it. */
    Optional<BlobSource> openLinked(Repository repository, Digest digest) {
        return open(repository, digest, Decision.Stored.class::isInstance);
    }

    /**
     * Opens a stored and verified blob for a repository whose upstream has answered, or will be asked, that it has the
     * blob; the caller closes it.
     */
    Optional<BlobSource> openConfirmed(Repository repository, Digest digest) {
        return open(repository, digest, Decision::mayUseStore);
    }

    /** Decides after the opening, because another registry may publish the blob between a decision and the opening. */
    private Optional<BlobSource> open(Repository repository, Digest digest, Predicate<Decision> allowed) {
        Optional<BlobSource> stored = store.open(digest);
        if (stored.isPresent() && !allowed.test(decide(repository, digest))) {
            stored.get().close();
            return Optional.empty();
        }
        return stored;
    }

    /** Returns the images that have a blob, for a log line: starts with its separator; empty if there are none. */
    String images(BlobKey blob) {
        List<String> images = names.of(blob.digest(), blob.repository().registry());
        return images.isEmpty() ? "" : "; the blob is part of " + String.join(", ", images);
    }

    /** Notes that the upstream answered a HEAD request with success. */
    void confirmedByHead(BlobKey blob) {
        if (isTrustedToConfirm(blob.repository(), blob.digest())) {
            link(blob);
        }
    }

    /** Notes that the upstream has started to send this blob. */
    void started(BlobKey blob) {
        sending.add(blob);
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
        sending.remove(blob);
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
