package io.ociregistry.config.model;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.config.address.Endpoint;
import io.ociregistry.config.address.Endpoint.Scheme;
import io.ociregistry.config.address.HostPort;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.ObjectType.ProblemReporter;
import io.ociregistry.config.yaml.ParseContext;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.ValueType;
import io.ociregistry.config.yaml.ValueType.ListOf;
import io.ociregistry.config.yaml.Values;
import io.ociregistry.oci.RegistryName;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.yaml.snakeyaml.nodes.Node;

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
    /** The name of a registry, without wildcards. */
    public static final Scalar<String> NAME_TYPE = new Scalar<>(HostPort::parse);

    private static final Key<String> NAME = new Key<>("name", new Scalar<>(HostPort::parseOrWildcard), "");
    private static final Key<Optional<String>> DESCRIPTION = optional("description", Scalar.TEXT);
    private static final Key<Scheme> SCHEME = new Key<>("scheme", Scalar.oneOf(Scheme.class), Scheme.HTTPS);
    private static final Key<Optional<URI>> ENDPOINT = optional("endpoint", new Scalar<>(Endpoint::parse));
    private static final Key<List<String>> ALIASES = new Key<>("aliases", new ListOf<>(NAME_TYPE), List.of());
    private static final Key<List<TagRule>> TAGS = new Key<>("tags", new ListOf<>(TagRule.KEYS), List.of());
    private static final Key<Limits> LIMITS = new Key<>("limits", Limits.KEYS, Limits.DEFAULT);
    private static final Key<AuthConfig> AUTH = new Key<>("auth", AuthKeys.TYPE, AuthConfig.ANONYMOUS);
    private static final Key<TlsConfig> TLS = new Key<>("tls", TlsConfig.KEYS, TlsConfig.DEFAULT);
    private static final Key<ProxyConfig> PROXY = new Key<>("proxy", ProxyKeys.TYPE, ProxyConfig.FROM_ENVIRONMENT);
    private static final Key<List<MirrorConfig>> MIRRORS =
            new Key<>("mirrors", new ListOf<>(MirrorConfig.TYPE), List.of());
    public static final ObjectType<UpstreamConfig> KEYS = new ObjectType<>(
            List.of(NAME, DESCRIPTION, SCHEME, ENDPOINT, ALIASES, TAGS, LIMITS, AUTH, TLS, PROXY, MIRRORS),
            UpstreamConfig::of);

    public UpstreamConfig {
        aliases = List.copyOf(aliases);
        tags = List.copyOf(tags);
        mirrors = List.copyOf(mirrors);
    }

    /** The list {@code registries}; no name or alias may be in two entries. */
    public record Registries() implements ValueType<List<UpstreamConfig>> {
        @Override
        public Optional<List<UpstreamConfig>> read(Node node, String path, ParseContext context) {
            Map<String, String> pathsByName = new HashMap<>();
            ValueType<UpstreamConfig> entry = (item, itemPath, sameContext) -> {
                var registry = KEYS.read(item, itemPath, sameContext);
                registry.ifPresent(r -> r.names().forEach(name -> {
                    var earlier = pathsByName.putIfAbsent(name, itemPath);
                    if (earlier != null) {
                        sameContext.problem(
                                item, itemPath, "'" + name + "' is also a name or alias of " + earlier + "; keep one");
                    }
                }));
                return registry;
            };
            return new ListOf<>(entry).read(node, path, context);
        }
    }

    private Stream<String> names() {
        return Stream.concat(Stream.of(name), aliases.stream()).filter(text -> !text.isEmpty());
    }

    private static UpstreamConfig of(Values values, ProblemReporter reporter) {
        if (!reporter.hasValue(NAME)) {
            reporter.report(NAME, "is missing; write host[:port]");
        }
        var endpoint = values.get(ENDPOINT);
        var scheme = endpoint.map(Endpoint::schemeOf).orElse(values.get(SCHEME));
        if (values.has(SCHEME) && scheme != values.get(SCHEME)) {
            reporter.report(SCHEME, "contradicts endpoint " + endpoint.orElseThrow() + "; remove one of them");
        }
        if (values.get(NAME).startsWith(HostPort.WILDCARD)) {
            checkWildcard(values, reporter);
        }
        return new UpstreamConfig(
                values.get(NAME),
                values.get(DESCRIPTION),
                scheme,
                endpoint,
                values.get(ALIASES),
                values.get(TAGS),
                values.get(LIMITS),
                values.get(AUTH),
                values.get(TLS),
                values.get(PROXY),
                values.get(MIRRORS));
    }

    /** Refuses settings that would give every registry of the wildcard the content of one registry. */
    private static void checkWildcard(Values values, ProblemReporter reporter) {
        for (var key : List.of(ENDPOINT, ALIASES)) {
            if (reporter.hasValue(key)) {
                reporter.report(key, "is not allowed with a wildcard name; give that registry an entry of its own");
            }
        }
        if (values.get(MIRRORS).stream().anyMatch(mirror -> !mirror.ns())) {
            reporter.report(
                    MIRRORS, "need ns with a wildcard name; give registries with other mirrors entries of their own");
        }
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
