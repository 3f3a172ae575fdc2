package io.ociregistry.upstream.credentials;

import io.ociregistry.oci.RegistryException;
import java.util.Optional;

/** Where the credentials for one registry come from. Asked before requests to that registry, never for what is cached. */
public interface CredentialSource {
    CredentialSource ANONYMOUS = Optional::empty;

    /**
     * The credentials as they are now; empty for nobody.
     *
     * @throws RegistryException {@link io.ociregistry.oci.ErrorCode#UPSTREAM_UNREACHABLE} if they can't be had and never could
     */
    Optional<Credentials> get();

    /** Notes that some were refused, so that what is kept of them is looked at again. */
    default void refused(Credentials credentials) {}
}
