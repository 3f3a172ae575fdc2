package io.ociregistry.registry.manifest;

import io.ociregistry.common.SingleFlight;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.index.ContentIndex;
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
 * Prevents that manifests are served as blobs; thread-safe.
 *
 * <p>Registries that run distribution answer 200 for the digest of a manifest under /blobs/ too, as an
 * octet-stream, and containerd would store the image under that type permanently (containerd#13007).
 */
public final class ManifestAsBlobCheck {
    /** Failures with which the blob request would fail too, after waiting as long once more. */
    private static final Set<ErrorCode> NO_ANSWER = Set.of(ErrorCode.UPSTREAM_UNREACHABLE, ErrorCode.UPSTREAM_TIMEOUT);

    private final ContentIndex index;
    private final Supplier<RegistryTrust> trust;
    private final SingleFlight<ImageReference, Digest> flights = new SingleFlight<>();

    public ManifestAsBlobCheck(ContentIndex index, Supplier<RegistryTrust> trust) {
        this.index = index;
        this.trust = trust;
    }

    /**
     * Runs {@link #check(Upstream, Repository, Digest)} on the upstream's executor, once for concurrent requests, and
     * returns the digest.
     */
    public CompletionStage<Digest> checkAsync(Upstream upstream, Repository repository, Digest digest) {
        if (index.isBlob(repository, digest)) {
            return CompletableFuture.completedStage(digest);
        }
        upstream.check(RequestKind.OTHER);
        return flights.join(new ImageReference(repository, digest), upstream.metadata(Priority.CLIENT), () -> {
            check(upstream, repository, digest);
            return digest;
        });
    }

    /**
     * Refuses a digest that is a manifest; blocks. A digest that the index has as a blob of the repository passes
     * without a request. Otherwise the upstream is asked by HEAD, and if its answer is unclear, the digest passes
     * as a blob.
     *
     * @throws RegistryException {@link ErrorCode#BLOB_UNKNOWN} if the digest is a manifest, or the upstream's
     *     failure if it is unreachable or does not answer in time
     */
    public void check(Upstream upstream, Repository repository, Digest digest) {
        if (index.isBlob(repository, digest)) {
            return;
        }
        if (hasManifest(upstream, repository, digest)) {
            // The answer of an unlisted registry gives no link: it could claim a manifest of another registry (ADR 8).
            if (trust.get().isConfigured(repository.registry())) {
                index.confirmManifest(repository, digest);
            }
            throw isManifest(repository, digest);
        }
    }

    private static boolean hasManifest(Upstream upstream, Repository repository, Digest digest) {
        try {
            return confirmsManifest(upstream.headManifest(repository.name(), digest), digest);
        } catch (RegistryException e) {
            if (NO_ANSWER.contains(e.code())) {
                throw e;
            }
            return false;
        }
    }

    /**
     * Returns true if a HEAD answer confirms that a digest is a manifest. The web page of a portal does not, and
     * neither does an answer that names another digest. An answer with a generic type must name the digest, because
     * some servers answer 200 to everything, and the confirmation is permanent.
     */
    static boolean confirmsManifest(HeadAnswer answer, Digest digest) {
        MediaType type = answer.contentType();
        return answer.digest()
                .map(named -> named.equals(digest) && (type.canBeManifest() || type.isGeneric()))
                .orElse(type.canBeManifest() && !type.isGeneric());
    }

    /** Returns the failure of a request for a manifest as a blob. */
    public static RegistryException isManifest(Repository repository, Digest digest) {
        return new RegistryException(
                ErrorCode.BLOB_UNKNOWN,
                repository + "@" + digest + " is a manifest and not a blob; request it under /manifests/");
    }
}
