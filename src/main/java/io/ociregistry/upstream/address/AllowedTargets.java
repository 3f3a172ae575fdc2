package io.ociregistry.upstream.address;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.net.URI;

/**
 * Checks the URIs of redirects and token services that one registry names. The {@link AddressGuard} checks their
 * addresses.
 *
 * <p>A target of an https registry must be https too. An unlisted registry may name only its own port and 443, so that
 * it cannot make this server probe other ports.
 *
 * @param registry the origin of the registry
 * @param configured false for an unlisted registry
 */
public record AllowedTargets(Origin registry, boolean configured) {
    /**
     * Returns the origin of a URI that the registry names.
     *
     * @throws RegistryException if requests may not go there
     */
    public Origin check(URI target) {
        Origin origin = origin(target);
        if (registry.isHttps() && !origin.isHttps()) {
            throw bad("sends requests from https to " + origin + ", which is not safe");
        }
        if (!configured && origin.port() != Origin.HTTPS_PORT && origin.port() != registry.port()) {
            throw new RegistryException(
                    ErrorCode.DENIED,
                    registry + " sends requests to " + origin
                            + ", and a registry that is not configured may only name its own port"
                            + " and 443: if this is intended, add it under registries in the configuration");
        }
        return origin;
    }

    private Origin origin(URI target) {
        try {
            return Origin.of(target);
        } catch (IllegalArgumentException e) {
            throw bad("names an unusable target: " + e.getMessage());
        }
    }

    private RegistryException bad(String problem) {
        return new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, registry + " " + problem);
    }
}
