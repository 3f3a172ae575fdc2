package io.ociregistry.registry.manifest;

import io.ociregistry.common.SingleFlight;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.catalog.ContentIndex;
import io.ociregistry.registry.policy.RegistryTrust;
import io.ociregistry.upstream.HeadAnswer;
import io.ociregistry.upstream.Priority;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.Upstream;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Keeps manifests from being served as blobs. Registries that run distribution answer 200 for the digest of a manifest under /blobs/ too, as
 * an octet-stream, and containerd would keep an image under that type for good (containerd#13007).
 */
public final class ManifestAsBlobCheck {
    /** Then the blob can't be had either, and asking for it would take as long once more. */
    private static final Set<ErrorCode> NOBODY_ANSWERS =
            Set.of(ErrorCode.UPSTREAM_UNREACHABLE, ErrorCode.UPSTREAM_TIMEOUT);

    private final ContentIndex catalog;
    private final Supplier<RegistryTrust> trust;
    private final SingleFlight<ImageReference, Digest> flights = new SingleFlight<>();

    public ManifestAsBlobCheck(ContentIndex catalog, Supplier<RegistryTrust> trust) {
        this.catalog = catalog;
        this.trust = trust;
    }

    /**
     * Lets pass what is not known as a manifest of the repository alone. Asks nobody.
     *
     * @throws RegistryException {@link ErrorCode#BLOB_UNKNOWN}
     */
    public void checkKnown(Repository repository, Digest digest) {
        if (catalog.isOnlyManifest(repository, digest)) {
            throw isManifest(repository, digest);
        }
    }

    /** The same as {@link #check(Upstream, Repository, Digest)}, by the upstream's executor, once however many ask. */
    public CompletionStage<Digest> checked(Upstream upstream, Repository repository, Digest digest) {
        if (catalog.isBlob(repository, digest)) {
            return CompletableFuture.completedStage(digest);
        }
        upstream.check(RequestKind.OTHER);
        return flights.join(new ImageReference(repository, digest), upstream.metadata(Priority.CLIENT), () -> {
            check(upstream, repository, digest);
            return digest;
        });
    }

    /**
     * Lets pass what the repository is known to have as a blob. For another digest its upstream is asked by HEAD whether that is a manifest; one
     * that can't tell is believed to have a blob.
     *
     * @throws RegistryException {@link ErrorCode#BLOB_UNKNOWN} if it is a manifest, or the upstream's failure if it can't be asked at all
     */
    public void check(Upstream upstream, Repository repository, Digest digest) {
        if (catalog.isBlob(repository, digest)) {
            return;
        }
        if (hasManifest(upstream, repository, digest)) {
            // Else whoever runs a registry could claim what another one has, and read it here.
            if (trust.get().isConfigured(repository.registry())) {
                catalog.confirmManifest(repository, digest);
            }
            throw isManifest(repository, digest);
        }
    }

    private static boolean hasManifest(Upstream upstream, Repository repository, Digest digest) {
        try {
            return saysManifest(upstream.headManifest(repository.name(), digest), digest);
        } catch (RegistryException e) {
            if (NOBODY_ANSWERS.contains(e.code())) {
                throw e;
            }
            return false;
        }
    }

    /**
     * A portal's page is none, and neither is the answer of a registry that names another digest. Whose type is of no kind has to name the digest:
     * there are servers that say 200 to everything, and what is noted here lasts.
     */
    static boolean saysManifest(HeadAnswer answer, Digest digest) {
        MediaType type = answer.contentType();
        return answer.digest()
                .map(told -> told.equals(digest) && (type.canBeManifest() || type.isGeneric()))
                .orElse(type.canBeManifest() && !type.isGeneric());
    }

    private static RegistryException isManifest(Repository repository, Digest digest) {
        return new RegistryException(
                ErrorCode.BLOB_UNKNOWN,
                repository + "@" + digest + " is a manifest, no blob; ask for it under /manifests/");
    }
}
