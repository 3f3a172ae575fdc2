package io.ociregistry.config.model;

import io.ociregistry.config.address.Endpoint;
import java.net.URI;
import java.util.Optional;

/**
 * One entry under {@code mirrors}: another source for the content of a registry.
 *
 * @param url {@code http[s]://host[:port]}
 * @param prefix the prefix of all repository names in the mirror
 * @param ns whether requests name the registry in the parameter {@code ns}, for a mirror that is a pull-through cache
 */
public record MirrorConfig(
        URI url, Optional<String> prefix, boolean ns, AuthConfig auth, TlsConfig tls, ProxyConfig proxy) {
    /** A mirror that is another ociregistry, asked without credentials. */
    public static MirrorConfig of(String url) {
        return new MirrorConfig(
                Endpoint.parse(url),
                Optional.empty(),
                true,
                AuthConfig.ANONYMOUS,
                TlsConfig.DEFAULT,
                ProxyConfig.FROM_ENVIRONMENT);
    }

    /** Returns this mirror with a prefix and without {@code ns}. */
    public MirrorConfig withPrefix(String path) {
        return new MirrorConfig(url, Optional.of(path), false, auth, tls, proxy);
    }

    public MirrorConfig withAuth(AuthConfig newAuth) {
        return new MirrorConfig(url, prefix, ns, newAuth, tls, proxy);
    }

    public MirrorConfig withTls(TlsConfig newTls) {
        return new MirrorConfig(url, prefix, ns, auth, newTls, proxy);
    }
}
