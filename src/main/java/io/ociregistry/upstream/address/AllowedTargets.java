package io.ociregistry.upstream.address;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.net.URI;

/**
 * Where one registry may send us, by redirects and token services, as far as a URI tells; at which addresses is the {@link AddressGuard}'s
 * business. Never from https to http; and a registry that nobody configured names no ports but its own and that of https, so that it can't
 * make us knock elsewhere.
 */
public record AllowedTargets(Origin home, boolean configured) {
    /**
     * The origin of what the registry names.
     *
     * @throws RegistryException if we don't go there
     */
    public Origin check(URI target) {
        Origin origin = origin(target);
        if (home.isHttps() && !origin.isHttps()) {
            throw bad("sends us from https to " + origin + ", which is not safe");
        }
        if (!configured && origin.port() != Origin.HTTPS_PORT && origin.port() != home.port()) {
            throw new RegistryException(
                    ErrorCode.DENIED,
                    home + " sends us to " + origin
                            + ", and a registry that is not configured may only name its own port"
                            + " and 443: if this is meant, add it under registries in the configuration");
        }
        return origin;
    }

    private Origin origin(URI target) {
        try {
            return Origin.of(target);
        } catch (IllegalArgumentException e) {
            throw bad("sends us to where nothing can be: " + e.getMessage());
        }
    }

    private RegistryException bad(String problem) {
        return new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, home + " " + problem);
    }
}
