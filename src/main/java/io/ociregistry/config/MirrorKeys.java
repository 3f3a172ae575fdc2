package io.ociregistry.config;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.config.address.Endpoint;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.MirrorConfig;
import io.ociregistry.config.model.ProxyConfig;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.ScalarOrObject;
import io.ociregistry.config.yaml.Values;
import io.ociregistry.oci.Repository;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/** The keys of an entry under {@code registries[].mirrors}, which may also be a URL alone. */
final class MirrorKeys {
    static final Key<Optional<URI>> URL =
            optional("url", new Scalar<>(MirrorKeys::url), "the URL of the mirror: http[s]://host[:port]");
    static final Key<Optional<String>> PREFIX =
            optional("prefix", new Scalar<>(MirrorKeys::prefix), "the prefix of all repository names in the mirror");
    static final Key<Optional<Boolean>> NS = optional(
            "ns",
            Scalar.BOOLEAN,
            "whether requests to the mirror name the registry in ns, as another ociregistry needs; true unless prefix"
                    + " is set");
    static final Key<AuthConfig> AUTH =
            new Key<>("auth", AuthKeys.TYPE, AuthConfig.ANONYMOUS, "the credentials for the mirror");
    static final Key<TlsConfig> TLS =
            new Key<>("tls", RegistryKeys.TLS_TYPE, TlsConfig.DEFAULT, "how the mirror's certificate is verified");
    static final Key<ProxyConfig> PROXY = new Key<>(
            "proxy", ProxyKeys.TYPE, ProxyConfig.FROM_ENVIRONMENT, "none, or the proxy for requests to the mirror");
    static final ScalarOrObject<MirrorConfig> TYPE = new ScalarOrObject<>(
            new Scalar<>(MirrorKeys::ofUrl),
            new ObjectType<>(List.of(URL, PREFIX, NS, AUTH, TLS, PROXY), MirrorKeys::mirror));

    private MirrorKeys() {}

    private static MirrorConfig mirror(Values values, ObjectType.ProblemReporter reporter) {
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

    private static MirrorConfig ofUrl(String text) {
        url(text);
        return MirrorConfig.of(text);
    }

    private static URI url(String text) {
        try {
            return Endpoint.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(e.getMessage() + ". Write a path under prefix", e);
        }
    }

    private static String prefix(String text) {
        String bare = text.replaceFirst("^/", "").replaceFirst("/$", "");
        if (!Repository.isValidName(bare)) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a valid prefix of repository names; write for example dockerhub");
        }
        return bare;
    }
}
