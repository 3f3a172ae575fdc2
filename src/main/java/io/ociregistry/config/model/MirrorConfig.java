package io.ociregistry.config.model;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.config.address.Endpoint;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.ObjectType.ProblemReporter;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.ValueType.ScalarOrObject;
import io.ociregistry.config.yaml.Values;
import io.ociregistry.oci.Repository;
import java.net.URI;
import java.util.List;
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
    private static final Key<Optional<URI>> URL = optional("url", new Scalar<>(MirrorConfig::parseUrl));
    private static final Key<Optional<String>> PREFIX = optional("prefix", new Scalar<>(MirrorConfig::parsePrefix));
    private static final Key<Optional<Boolean>> NS = optional("ns", Scalar.BOOLEAN);
    private static final Key<AuthConfig> AUTH = new Key<>("auth", AuthKeys.TYPE, AuthConfig.ANONYMOUS);
    private static final Key<TlsConfig> TLS = new Key<>("tls", TlsConfig.KEYS, TlsConfig.DEFAULT);
    private static final Key<ProxyConfig> PROXY = new Key<>("proxy", ProxyKeys.TYPE, ProxyConfig.FROM_ENVIRONMENT);
    static final ScalarOrObject<MirrorConfig> TYPE = new ScalarOrObject<>(
            new Scalar<>(MirrorConfig::of),
            new ObjectType<>(List.of(URL, PREFIX, NS, AUTH, TLS, PROXY), MirrorConfig::of));

    /** A mirror that is another ociregistry, asked without credentials. */
    public static MirrorConfig of(String url) {
        return new MirrorConfig(
                parseUrl(url),
                Optional.empty(),
                true,
                AuthConfig.ANONYMOUS,
                TlsConfig.DEFAULT,
                ProxyConfig.FROM_ENVIRONMENT);
    }

    private static MirrorConfig of(Values values, ProblemReporter reporter) {
        if (!reporter.hasValue(URL)) {
            reporter.report(URL, "is missing; write http[s]://host[:port]");
        }
        Optional<String> prefix = values.get(PREFIX);
        return new MirrorConfig(
                values.get(URL).orElse(URI.create("")),
                prefix,
                values.get(NS).orElse(prefix.isEmpty()),
                values.get(AUTH),
                values.get(TLS),
                values.get(PROXY));
    }

    private static URI parseUrl(String text) {
        try {
            return Endpoint.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(e.getMessage() + ". Write a path under prefix", e);
        }
    }

    private static String parsePrefix(String text) {
        String bare = text.replaceFirst("^/", "").replaceFirst("/$", "");
        if (!Repository.isValidName(bare)) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a valid prefix of repository names; write for example dockerhub");
        }
        return bare;
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
