package io.ociregistry.config.model;

import io.ociregistry.config.address.Endpoint;
import io.ociregistry.config.address.HostPort;
import io.ociregistry.config.address.Scheme;
import io.ociregistry.oci.RegistryName;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * One entry under {@code registries}.
 *
 * @param name {@code host[:port]} in lower case, or a wildcard, {@code *.domain[:port]}
 * @param scheme that of {@code endpoint}, if there is one
 * @param endpoint the URL of the registry, if it differs from its name
 * @param mirrors other sources of its content, asked in this order before the registry
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
        ProxyConfig proxy,
        List<MirrorConfig> mirrors) {
    public UpstreamConfig {
        aliases = List.copyOf(aliases);
        tags = List.copyOf(tags);
        mirrors = List.copyOf(mirrors);
    }

    /** Makes an entry with this name and defaults. */
    public static UpstreamConfig of(String name) {
        return new UpstreamConfig(
                HostPort.parseOrWildcard(name),
                Optional.empty(),
                Scheme.HTTPS,
                Optional.empty(),
                List.of(),
                List.of(),
                Limits.DEFAULT,
                AuthConfig.ANONYMOUS,
                TlsConfig.DEFAULT,
                ProxyConfig.FROM_ENVIRONMENT,
                List.of());
    }

    public UpstreamConfig withScheme(Scheme newScheme) {
        return new UpstreamConfig(
                name, description, newScheme, endpoint, aliases, tags, limits, auth, tls, proxy, mirrors);
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
                proxy,
                mirrors);
    }

    public UpstreamConfig withAliases(String... names) {
        var parsed = List.of(names).stream().map(HostPort::parse).toList();
        return new UpstreamConfig(name, description, scheme, endpoint, parsed, tags, limits, auth, tls, proxy, mirrors);
    }

    public UpstreamConfig withAuth(AuthConfig newAuth) {
        return new UpstreamConfig(
                name, description, scheme, endpoint, aliases, tags, limits, newAuth, tls, proxy, mirrors);
    }

    public UpstreamConfig withTls(TlsConfig newTls) {
        return new UpstreamConfig(
                name, description, scheme, endpoint, aliases, tags, limits, auth, newTls, proxy, mirrors);
    }

    public UpstreamConfig withProxy(ProxyConfig newProxy) {
        return new UpstreamConfig(
                name, description, scheme, endpoint, aliases, tags, limits, auth, tls, newProxy, mirrors);
    }

    public UpstreamConfig withMirrors(MirrorConfig... newMirrors) {
        return new UpstreamConfig(
                name, description, scheme, endpoint, aliases, tags, limits, auth, tls, proxy, List.of(newMirrors));
    }

    /** True if the entry applies to all registries of a domain. */
    public boolean isWildcard() {
        return name.startsWith(HostPort.WILDCARD);
    }

    /** Returns only the settings of connections: without description, aliases and tag rules. */
    public UpstreamConfig connectionSettings() {
        return new UpstreamConfig(
                name, Optional.empty(), scheme, endpoint, List.of(), List.of(), limits, auth, tls, proxy, mirrors);
    }

    /** Returns the settings of this wildcard for one of its registries. */
    public UpstreamConfig forRegistry(RegistryName registry) {
        return new UpstreamConfig(
                registry.toString(), description, scheme, endpoint, aliases, tags, limits, auth, tls, proxy, mirrors);
    }
}
