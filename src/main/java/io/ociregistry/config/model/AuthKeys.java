package io.ociregistry.config.model;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.common.Secret;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.ObjectType.ProblemReporter;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.ValueType.OneOrMore;
import io.ociregistry.config.yaml.Values;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The keys of {@code registries[].auth}: one kind of credentials, or none. */
final class AuthKeys {
    /** The credential helper that replaces the provider {@code ecr} of the Go program. */
    private static final String ECR_HELPER = "ecr-login";

    /** The default lifetime of an ECR token in the Go program. */
    private static final Duration ECR_LIFETIME = Duration.ofHours(12);

    private static final Map<String, String> ECR_OPTIONS = Map.of("profile", "AWS_PROFILE", "region", "AWS_REGION");

    private static final Key<Optional<String>> PROVIDER = optional("provider", new Scalar<>(AuthKeys::provider));
    private static final Key<Map<String, String>> PROVIDER_OPTS =
            new Key<>("providerOpts", new Scalar<>(AuthKeys::options), Map.of());
    private static final Key<Optional<Duration>> EXPIRY = optional("expiry", Scalar.DURATION);
    private static final Key<Optional<Secret>> STATIC = optional("static", Scalar.SECRET);

    /** The section {@code auth.token}: a static token, which takes precedence, or a provider of tokens. */
    private record TokenSource(
            Optional<String> provider,
            Map<String, String> options,
            Optional<Duration> expiry,
            Optional<Secret> staticToken) {
        private TokenSource(Values values) {
            this(values.get(PROVIDER), values.get(PROVIDER_OPTS), values.get(EXPIRY), values.get(STATIC));
        }
    }

    static final Key<Optional<String>> USER = optional("user", Scalar.TEXT);
    static final Key<Optional<Secret>> PASSWORD = optional("password", Scalar.SECRET);
    static final Key<Optional<String>> PASSWORD_FROM_ENV = optional("passwordFromEnv", Scalar.VARIABLE);
    static final Key<Optional<Path>> PASSWORD_FILE = optional("passwordFile", Scalar.PATH);
    private static final Key<Optional<Path>> DOCKER_CONFIG = optional("dockerConfig", Scalar.PATH);
    private static final Key<Optional<String>> CREDENTIAL_HELPER =
            optional("credentialHelper", new Scalar<>(AuthKeys::helper));
    private static final Key<TokenSource> TOKEN = new Key<>(
            "token",
            ObjectType.of(TokenSource::new, PROVIDER, PROVIDER_OPTS, EXPIRY, STATIC),
            new TokenSource(Values.NONE));
    private static final Key<List<URI>> REALM =
            new Key<>("realm", new OneOrMore<>(new Scalar<>(AuthKeys::realm)), List.of());
    static final ObjectType<AuthConfig> TYPE = new ObjectType<>(
            List.of(USER, PASSWORD, PASSWORD_FROM_ENV, PASSWORD_FILE, DOCKER_CONFIG, CREDENTIAL_HELPER, TOKEN, REALM),
            AuthKeys::auth);

    private AuthKeys() {}

    private static AuthConfig auth(Values values, ProblemReporter reporter) {
        var credentials = credentials(values, reporter);
        var realms = values.get(REALM);
        if (realms.isEmpty()) {
            return credentials;
        }
        if (credentials.equals(AuthConfig.ANONYMOUS)) {
            reporter.report(REALM, "needs credentials to send; add user, dockerConfig, credentialHelper or token");
        }
        return new AuthConfig.WithRealms(credentials, realms);
    }

    private static AuthConfig credentials(Values values, ProblemReporter reporter) {
        requireOneKind(values, reporter);
        requireUserAndPassword(reporter);
        var token = values.get(TOKEN);
        if (values.has(USER)) {
            return account(values.get(USER).orElseThrow(), values, reporter);
        }
        if (values.has(DOCKER_CONFIG)) {
            return new AuthConfig.DockerConfig(values.get(DOCKER_CONFIG).orElseThrow());
        }
        if (values.has(CREDENTIAL_HELPER)) {
            return new AuthConfig.Helper(values.get(CREDENTIAL_HELPER).orElseThrow(), Map.of(), token.expiry());
        }
        if (token.staticToken().isPresent()) {
            return new AuthConfig.Token(token.staticToken().get());
        }
        return token.provider().isPresent() ? ecr(token) : AuthConfig.ANONYMOUS;
    }

    static AuthConfig account(String user, Values values, ProblemReporter reporter) {
        if (values.has(PASSWORD_FILE)) {
            return new AuthConfig.AccountWithFile(
                    user, values.get(PASSWORD_FILE).orElseThrow());
        }
        var fromEnvironment = reporter.secretFromEnvironment(PASSWORD_FROM_ENV, values);
        return new AuthConfig.Account(
                user, fromEnvironment.or(() -> values.get(PASSWORD)).orElse(new Secret("")));
    }

    private static AuthConfig ecr(TokenSource token) {
        return new AuthConfig.Helper(
                ECR_HELPER, token.options(), Optional.of(token.expiry().orElse(ECR_LIFETIME)));
    }

    private static void requireOneKind(Values values, ProblemReporter reporter) {
        var token = values.get(TOKEN);
        boolean hasToken = token.staticToken().isPresent() || token.provider().isPresent();
        var kinds = Stream.of(USER, DOCKER_CONFIG, CREDENTIAL_HELPER, TOKEN)
                .filter(key -> key == TOKEN ? hasToken : values.has(key))
                .toList();
        kinds.stream()
                .skip(1)
                .forEach(key -> reporter.report(key, "cannot be used with " + kinds.get(0) + "; keep one of them"));
        if (!hasToken && token.expiry().isPresent() && !values.has(CREDENTIAL_HELPER)) {
            reporter.report(
                    TOKEN, "has an expiry, but no token to renew; add provider, or credentialHelper beside token");
        }
    }

    static void requireUserAndPassword(ProblemReporter reporter) {
        var passwords = Stream.of(PASSWORD, PASSWORD_FROM_ENV, PASSWORD_FILE)
                .filter(reporter::hasValue)
                .toList();
        if (reporter.hasValue(USER) && passwords.isEmpty()) {
            reporter.report(USER, "has no password; add password, passwordFromEnv or passwordFile");
        }
        if (!reporter.hasValue(USER) && !passwords.isEmpty()) {
            reporter.report(passwords.get(0), "has no user; add user");
        }
        if (reporter.hasValue(PASSWORD_FILE) && passwords.size() > 1) {
            reporter.report(PASSWORD_FILE, "cannot be used with " + passwords.get(0) + "; keep one of them");
        }
    }

    // The messages of the next three methods do not quote the text, which may be a secret under the wrong key.

    private static String provider(String text) {
        if (!text.equals("ecr")) {
            throw new IllegalArgumentException("is not a known provider of tokens; write ecr, or use credentialHelper");
        }
        return text;
    }

    private static Map<String, String> options(String text) {
        Map<String, String> environment = new HashMap<>();
        for (var option : text.split(",", -1)) {
            var variable = ECR_OPTIONS.get(option.replaceFirst("=.*", "").strip());
            var value = option.substring(option.indexOf('=') + 1).strip();
            if (variable == null || value.isEmpty() || option.indexOf('=') < 0) {
                throw new IllegalArgumentException("may only contain profile=NAME and region=NAME");
            }
            environment.put(variable, value);
        }
        return environment;
    }

    private static String helper(String text) {
        if (!text.matches(AuthConfig.Helper.NAME)) {
            throw new IllegalArgumentException(
                    "is not the name of a credential helper; write the part after docker-credential- in the name of"
                            + " the program, for example ecr-login");
        }
        return text;
    }

    private static URI realm(String text) {
        if (!text.matches("(?i)https?://[a-z0-9._\\[\\]:-]+(/[a-z0-9._~%/-]*)?")) {
            throw new IllegalArgumentException("'" + text
                    + "' is not the URL of a token service; write for example https://auth.example.com/token");
        }
        return URI.create(text);
    }
}
