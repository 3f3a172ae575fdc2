package io.ociregistry.upstream.credentials;

import io.ociregistry.oci.RegistryException;
import java.util.Optional;

/**
 * Source of the credentials for one registry. It is asked before requests to that registry, never for cached content.
 * Thread-safe.
 */
public interface CredentialSource {
    CredentialSource ANONYMOUS = Optional::empty;

    /**
     * Returns the current credentials; empty for anonymous requests.
     *
     * @throws RegistryException {@link io.ociregistry.oci.ErrorCode#UPSTREAM_UNREACHABLE} if no credentials were ever
     *     available
     */
    Optional<Credentials> get();

    /** Reports that an upstream refused the credentials, so that cached credentials are checked again. */
    default void invalidate(Credentials credentials) {}
}
