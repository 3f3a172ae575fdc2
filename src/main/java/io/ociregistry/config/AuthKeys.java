package io.ociregistry.config;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.common.Secret;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.TokenConfig;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.OneOrMore;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.Values;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The keys of {@code registries[].auth}: one way to log in, or none. */
final class AuthKeys {
    /** The helper that stands for the provider of that name in the Go program, where an ECR token lives as long by default. */
    private static final String ECR_HELPER = "ecr-login";

    private static final Duration ECR_LIFE = Duration.ofHours(12);
    private static final Map<String, String> ECR_OPTIONS = Map.of("profile", "AWS_PROFILE", "region", "AWS_REGION");

    static final Key<Optional<String>> PROVIDER =
            optional("provider", new Scalar<>(AuthKeys::ecrAlone), "who gives out tokens: ecr");
    static final Key<Map<String, String>> PROVIDER_OPTS = new Key<>(
            "providerOpts",
            new Scalar<>(AuthKeys::options),
            Map.of(),
            "what the provider needs to know: profile=NAME,region=NAME");
    static final Key<Optional<Duration>> EXPIRY =
            optional("expiry", Scalar.DURATION, "how long what a provider or helper gave is good for");
    static final Key<Optional<Secret>> STATIC = optional("static", Scalar.SECRET, "the token itself");
    static final ObjectType<TokenConfig> TOKEN_TYPE = new ObjectType<>(
            List.of(PROVIDER, PROVIDER_OPTS, EXPIRY, STATIC),
            (values, complaints) -> new TokenConfig(
                    values.get(PROVIDER), values.get(PROVIDER_OPTS), values.get(EXPIRY), values.get(STATIC)));

    static final Key<Optional<String>> USER = optional("user", Scalar.TEXT, "the account");
    static final Key<Optional<Secret>> PASSWORD = optional("password", Scalar.SECRET, "its password");
    static final Key<Optional<String>> PASSWORD_FROM_ENV =
            optional("passwordFromEnv", Scalar.VARIABLE, "the environment variable its password is in; beats password");
    static final Key<Optional<Path>> PASSWORD_FILE = optional(
            "passwordFile", Scalar.PATH, "the file whose first line its password is; read again when it changes");
    static final Key<Optional<Path>> DOCKER_CONFIG =
            optional("dockerConfig", Scalar.PATH, "a config.json of docker; read again when it changes");
    static final Key<Optional<String>> CREDENTIAL_HELPER = optional(
            "credentialHelper", new Scalar<>(AuthKeys::helper), "NAME of a program docker-credential-NAME on the PATH");
    static final Key<TokenConfig> TOKEN =
            new Key<>("token", TOKEN_TYPE, TokenConfig.NONE, "a token instead of a password");
    static final Key<List<URI>> REALM = new Key<>(
            "realm",
            new OneOrMore<>(new Scalar<>(AuthKeys::realm)),
            List.of(),
            "URLs of token services that may be told too, beside those of the registry's own site");
    static final ObjectType<AuthConfig> TYPE = new ObjectType<>(
            List.of(USER, PASSWORD, PASSWORD_FROM_ENV, PASSWORD_FILE, DOCKER_CONFIG, CREDENTIAL_HELPER, TOKEN, REALM),
            AuthKeys::auth);

    private AuthKeys() {}

    private static AuthConfig auth(Values values, ObjectType.Complaints complaints) {
        var who = who(values, complaints);
        var realms = values.get(REALM);
        if (realms.isEmpty()) {
            return who;
        }
        if (who.equals(AuthConfig.ANONYMOUS)) {
            complaints.about(REALM, "is told of nobody; add a way to log in");
        }
        return new AuthConfig.KnownTo(who, realms);
    }

    private static AuthConfig who(Values values, ObjectType.Complaints complaints) {
        requireOneWay(values, complaints);
        requireBothOfAccount(complaints);
        var token = values.get(TOKEN);
        if (values.has(USER)) {
            return account(values.get(USER).orElseThrow(), values, complaints);
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

    static AuthConfig account(String user, Values values, ObjectType.Complaints complaints) {
        if (values.has(PASSWORD_FILE)) {
            return new AuthConfig.AccountWithFile(
                    user, values.get(PASSWORD_FILE).orElseThrow());
        }
        var fromEnvironment = RegistryKeys.fromEnvironment(PASSWORD_FROM_ENV, values, complaints);
        return new AuthConfig.Account(
                user, fromEnvironment.or(() -> values.get(PASSWORD)).orElse(new Secret("")));
    }

    private static AuthConfig ecr(TokenConfig token) {
        return new AuthConfig.Helper(
                ECR_HELPER, token.options(), Optional.of(token.expiry().orElse(ECR_LIFE)));
    }

    private static void requireOneWay(Values values, ObjectType.Complaints complaints) {
        var token = values.get(TOKEN);
        boolean hasToken = token.staticToken().isPresent() || token.provider().isPresent();
        var ways = Stream.of(USER, DOCKER_CONFIG, CREDENTIAL_HELPER, TOKEN)
                .filter(key -> key == TOKEN ? hasToken : values.has(key))
                .toList();
        ways.stream()
                .skip(1)
                .forEach(key ->
                        complaints.about(key, "is another way to log in than " + ways.get(0) + "; keep one of them"));
        if (!hasToken && token.expiry().isPresent() && !values.has(CREDENTIAL_HELPER)) {
            complaints.about(TOKEN, "has an expiry, but nothing to renew; add provider, or credentialHelper beside it");
        }
    }

    static void requireBothOfAccount(ObjectType.Complaints complaints) {
        var passwords = Stream.of(PASSWORD, PASSWORD_FROM_ENV, PASSWORD_FILE)
                .filter(complaints::wrote)
                .toList();
        if (complaints.wrote(USER) && passwords.isEmpty()) {
            complaints.about(USER, "has no password; add password, passwordFromEnv or passwordFile");
        }
        if (!complaints.wrote(USER) && !passwords.isEmpty()) {
            complaints.about(passwords.get(0), "belongs to nobody; add user");
        }
        if (complaints.wrote(PASSWORD_FILE) && passwords.size() > 1) {
            complaints.about(PASSWORD_FILE, "is another password than " + passwords.get(0) + "; keep one of them");
        }
    }

    // Failures of these do not repeat the text: it may be a secret in the wrong place.

    private static String ecrAlone(String text) {
        if (!text.equals("ecr")) {
            throw new IllegalArgumentException(
                    "is no provider of tokens known here; write ecr, or use credentialHelper");
        }
        return text;
    }

    private static Map<String, String> options(String text) {
        Map<String, String> environment = new HashMap<>();
        for (var option : text.split(",", -1)) {
            var variable = ECR_OPTIONS.get(option.replaceFirst("=.*", "").strip());
            var value = option.substring(option.indexOf('=') + 1).strip();
            if (variable == null || value.isEmpty() || option.indexOf('=') < 0) {
                throw new IllegalArgumentException("holds something else than profile=NAME and region=NAME");
            }
            environment.put(variable, value);
        }
        return environment;
    }

    private static String helper(String text) {
        if (!text.matches(AuthConfig.Helper.NAME)) {
            throw new IllegalArgumentException(
                    "is not the name of a credential helper; write what follows docker-credential- in the name of the program,"
                            + " for example ecr-login");
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
