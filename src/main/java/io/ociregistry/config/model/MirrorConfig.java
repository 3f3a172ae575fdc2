package io.ociregistry.config.model;

import io.ociregistry.config.address.Endpoint;
import java.net.URI;
import java.util.Optional;

/**
 * One entry under {@code mirrors}: where else the content of a registry can be had.
 *
 * @param url {@code http[s]://host[:port]}
 * @param prefix what comes before the names of repositories there
 * @param ns whether it is told by {@code ns} which registry is meant: it is a cache that asks that registry itself
 */
public record MirrorConfig(
        URI url, Optional<String> prefix, boolean ns, AuthConfig auth, TlsConfig tls, ProxyConfig proxy) {
    /** Another ociregistry, to be asked by nobody in particular. */
    public static MirrorConfig of(String url) {
        return new MirrorConfig(
                Endpoint.parse(url),
                Optional.empty(),
                true,
                AuthConfig.ANONYMOUS,
                TlsConfig.DEFAULT,
                ProxyConfig.AS_ENVIRONMENT);
    }

    /** A registry that keeps it under a prefix. */
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
