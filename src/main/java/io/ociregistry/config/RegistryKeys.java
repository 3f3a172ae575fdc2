package io.ociregistry.config;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.common.Secret;
import io.ociregistry.config.address.Endpoint;
import io.ociregistry.config.address.HostPort;
import io.ociregistry.config.address.Scheme;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.Limits;
import io.ociregistry.config.model.MirrorConfig;
import io.ociregistry.config.model.ProxyConfig;
import io.ociregistry.config.model.TagRule;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ListOf;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.Values;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The keys of an entry under {@code registries}. */
final class RegistryKeys {
    static final Key<Optional<Path>> CA =
            optional("ca", Scalar.PATH, "PEM file of the CA certificates to trust instead of the operating system's");
    static final Key<Optional<Path>> CERT =
            optional("cert", Scalar.PATH, "PEM file of the client certificate for the registry; needs key");
    static final Key<Optional<Path>> KEY = optional("key", Scalar.PATH, "PEM file of the key of cert");
    static final Key<Optional<Secret>> KEY_PASSWORD =
            optional("keyPassword", Scalar.SECRET, "the password of an encrypted key");
    static final Key<Optional<String>> KEY_PASSWORD_FROM_ENV = optional(
            "keyPasswordFromEnv",
            Scalar.VARIABLE,
            "the environment variable with the password of key; takes precedence over keyPassword");
    static final Key<Boolean> INSECURE_SKIP_VERIFY =
            new Key<>("insecureSkipVerify", Scalar.BOOLEAN, false, "true accepts any certificate of this registry");
    static final ObjectType<TlsConfig> TLS_TYPE = new ObjectType<>(
            List.of(CA, CERT, KEY, KEY_PASSWORD, KEY_PASSWORD_FROM_ENV, INSECURE_SKIP_VERIFY), RegistryKeys::tls);

    static final Scalar<String> NAME_TYPE = new Scalar<>(HostPort::parse);
    static final Key<String> NAME = new Key<>(
            "name",
            new Scalar<>(HostPort::parseOrWildcard),
            "",
            "host[:port], as clients name the registry, or *.domain[:port] for all registries of a domain");
    static final Key<Optional<String>> DESCRIPTION = optional("description", Scalar.TEXT, "a comment; has no effect");
    static final Key<Scheme> SCHEME = new Key<>("scheme", Scalar.oneOf(Scheme.class), Scheme.HTTPS, "https or http");
    static final Key<Optional<URI>> ENDPOINT = optional(
            "endpoint",
            new Scalar<>(Endpoint::parse),
            "the URL of the registry, if it differs from its name: http[s]://host[:port]");
    static final Key<List<String>> ALIASES =
            new Key<>("aliases", new ListOf<>(NAME_TYPE), List.of(), "other names of the same registry");
    static final Key<String> PATTERN =
            new Key<>("pattern", Scalar.TEXT, "*", "the tags of this rule; * matches any text, ? one character");
    static final Key<Duration> POLICY = new Key<>(
            "policy",
            new Scalar<>(TagRule::policy),
            TagRule.FOREVER,
            "when to revalidate a cached tag: never, always, or at an age");
    static final Key<TagRule.OnNotFound> ON_NOT_FOUND = new Key<>(
            "onNotFound",
            Scalar.oneOf(TagRule.OnNotFound.class),
            TagRule.OnNotFound.KEEP,
            "keep or drop a cached tag that the registry no longer has");
    static final ObjectType<TagRule> TAG_RULE_TYPE = new ObjectType<>(
            List.of(PATTERN, POLICY, ON_NOT_FOUND),
            (values, reporter) -> new TagRule(
                    values.get(PATTERN), values.get(POLICY), values.get(ON_NOT_FOUND) == TagRule.OnNotFound.KEEP));
    static final Key<List<TagRule>> TAGS = new Key<>(
            "tags",
            new ListOf<>(TAG_RULE_TYPE),
            List.of(),
            "rules for revalidating cached tags; the first rule that matches is used");
    static final Key<Integer> DOWNLOADS = new Key<>(
            "downloads", Scalar.integer(1, 256), Limits.DEFAULT.downloads(), "the maximum number of blob downloads");
    static final Key<Optional<Long>> BANDWIDTH = optional(
            "bandwidth",
            Scalar.size(1 << 10, 1L << 40),
            "the maximum bytes of blobs per second, for all downloads together");
    static final ObjectType<Limits> LIMITS_TYPE = new ObjectType<>(
            List.of(DOWNLOADS, BANDWIDTH),
            (values, reporter) -> new Limits(values.get(DOWNLOADS), values.get(BANDWIDTH)));
    static final Key<Limits> LIMITS =
            new Key<>("limits", LIMITS_TYPE, Limits.DEFAULT, "limits for downloads from the registry");
    static final Key<AuthConfig> AUTH =
            new Key<>("auth", AuthKeys.TYPE, AuthConfig.ANONYMOUS, "the credentials for the registry");
    static final Key<TlsConfig> TLS =
            new Key<>("tls", TLS_TYPE, TlsConfig.DEFAULT, "how the registry's certificate is verified");
    static final Key<ProxyConfig> PROXY = new Key<>(
            "proxy", ProxyKeys.TYPE, ProxyConfig.FROM_ENVIRONMENT, "none, or the proxy for requests to the registry");
    static final Key<List<MirrorConfig>> MIRRORS = new Key<>(
            "mirrors",
            new ListOf<>(MirrorKeys.TYPE),
            List.of(),
            "other sources of its content; asked in this order, before the registry itself");
    static final ObjectType<UpstreamConfig> TYPE = new ObjectType<>(
            List.of(NAME, DESCRIPTION, SCHEME, ENDPOINT, ALIASES, TAGS, LIMITS, AUTH, TLS, PROXY, MIRRORS),
            RegistryKeys::upstream);

    private RegistryKeys() {}

    static Optional<Secret> fromEnvironment(
            Key<Optional<String>> key, Values values, ObjectType.ProblemReporter reporter) {
        return values.get(key).flatMap(variable -> {
            try {
                var value = reporter.context().environmentVariable(variable);
                if (value.isEmpty()) {
                    reporter.report(key, "the environment variable " + variable + " is not set; set it");
                }
                return value.map(Secret::new);
            } catch (IllegalArgumentException e) {
                reporter.report(key, String.valueOf(e.getMessage()));
                return Optional.empty();
            }
        });
    }

    private static TlsConfig tls(Values values, ObjectType.ProblemReporter reporter) {
        requireCertAndKey(CERT, KEY, reporter);
        return new TlsConfig(
                values.get(CA),
                values.get(CERT),
                values.get(KEY),
                keyPassword(KEY, values, reporter),
                values.get(INSECURE_SKIP_VERIFY));
    }

    /** The password of an encrypted key, from the environment or from the file. */
    static Optional<Secret> keyPassword(Key<?> key, Values values, ObjectType.ProblemReporter reporter) {
        for (var password : List.of(KEY_PASSWORD, KEY_PASSWORD_FROM_ENV)) {
            if (reporter.hasValue(password) && !reporter.hasValue(key)) {
                reporter.report(password, "has no key to decrypt; add key");
            }
        }
        return fromEnvironment(KEY_PASSWORD_FROM_ENV, values, reporter).or(() -> values.get(KEY_PASSWORD));
    }

    static void requireCertAndKey(Key<?> cert, Key<?> key, ObjectType.ProblemReporter reporter) {
        if (reporter.hasValue(cert) != reporter.hasValue(key)) {
            var present = reporter.hasValue(cert) ? cert : key;
            reporter.report(present, "has no effect alone; add " + (present == cert ? key : cert) + " or remove it");
        }
    }

    private static UpstreamConfig upstream(Values values, ObjectType.ProblemReporter reporter) {
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
    private static void checkWildcard(Values values, ObjectType.ProblemReporter reporter) {
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
}
