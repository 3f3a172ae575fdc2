package io.ociregistry.config;

import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * One entry under {@code registries}. The name is {@code host[:port]} in lower case; the endpoint, if there is one, says
 * where that registry really is, and the scheme then is the endpoint's.
 */
public record UpstreamConfig(
        String name,
        Optional<String> description,
        Scheme scheme,
        Optional<URI> endpoint,
        List<String> aliases,
        List<TagRule> tags,
        Limits limits,
        AuthConfig auth,
        TlsConfig tls,
        ProxyConfig proxy) {
    public UpstreamConfig {
        aliases = List.copyOf(aliases);
        tags = List.copyOf(tags);
    }

    /** An entry that says no more than that the registry is known. */
    public static UpstreamConfig of(String name) {
        return new UpstreamConfig(
                HostPort.parse(name),
                Optional.empty(),
                Scheme.HTTPS,
                Optional.empty(),
                List.of(),
                List.of(),
                Limits.DEFAULT,
                AuthConfig.ANONYMOUS,
                TlsConfig.DEFAULT,
                ProxyConfig.AS_ENVIRONMENT);
    }

    public UpstreamConfig withScheme(Scheme newScheme) {
        return new UpstreamConfig(name, description, newScheme, endpoint, aliases, tags, limits, auth, tls, proxy);
    }

    public UpstreamConfig withEndpoint(String uri) {
        var parsed = Endpoint.parse(uri);
        return new UpstreamConfig(
                name,
                description,
                Endpoint.schemeOf(parsed),
                Optional.of(parsed),
                aliases,
                tags,
                limits,
                auth,
                tls,
                proxy);
    }

    public UpstreamConfig withAliases(String... names) {
        var parsed = List.of(names).stream().map(HostPort::parse).toList();
        return new UpstreamConfig(name, description, scheme, endpoint, parsed, tags, limits, auth, tls, proxy);
    }

    public UpstreamConfig withAuth(AuthConfig newAuth) {
        return new UpstreamConfig(name, description, scheme, endpoint, aliases, tags, limits, newAuth, tls, proxy);
    }

    public UpstreamConfig withTls(TlsConfig newTls) {
        return new UpstreamConfig(name, description, scheme, endpoint, aliases, tags, limits, auth, newTls, proxy);
    }

    public UpstreamConfig withProxy(ProxyConfig newProxy) {
        return new UpstreamConfig(name, description, scheme, endpoint, aliases, tags, limits, auth, tls, newProxy);
    }
}
