package io.ociregistry.config.model;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.common.Secret;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.ObjectType.ProblemReporter;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.Values;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * TLS towards an upstream registry: how its certificate is verified, and the certificate of this server. {@code cert}
 * and {@code key} are both set or both empty.
 *
 * @param keyPassword the password of the key, whichever key of the configuration it came from
 */
public record TlsConfig(
        Optional<Path> ca,
        Optional<Path> cert,
        Optional<Path> key,
        Optional<Secret> keyPassword,
        boolean insecureSkipVerify) {
    private static final Key<Optional<Path>> CA = optional("ca", Scalar.PATH);
    private static final Key<Optional<Path>> CERT = optional("cert", Scalar.PATH);
    static final Key<Optional<Path>> KEY = optional("key", Scalar.PATH);
    static final Key<Optional<Secret>> KEY_PASSWORD = optional("keyPassword", Scalar.SECRET);
    static final Key<Optional<String>> KEY_PASSWORD_FROM_ENV = optional("keyPasswordFromEnv", Scalar.VARIABLE);
    private static final Key<Boolean> INSECURE_SKIP_VERIFY = new Key<>("insecureSkipVerify", Scalar.BOOLEAN, false);
    static final ObjectType<TlsConfig> KEYS = new ObjectType<>(
            List.of(CA, CERT, KEY, KEY_PASSWORD, KEY_PASSWORD_FROM_ENV, INSECURE_SKIP_VERIFY), TlsConfig::of);

    /** Verification with the trust store of the operating system, and no client certificate. */
    public static final TlsConfig DEFAULT = new TlsConfig(Optional.empty(), Optional.empty(), Optional.empty(), false);

    /** Makes a configuration whose key, if any, is not encrypted. */
    public TlsConfig(Optional<Path> ca, Optional<Path> cert, Optional<Path> key, boolean insecureSkipVerify) {
        this(ca, cert, key, Optional.empty(), insecureSkipVerify);
    }

    private static TlsConfig of(Values values, ProblemReporter reporter) {
        requireCertAndKey(CERT, reporter);
        return new TlsConfig(
                values.get(CA),
                values.get(CERT),
                values.get(KEY),
                keyPassword(values, reporter),
                values.get(INSECURE_SKIP_VERIFY));
    }

    /** The password of an encrypted key, from the environment or from the file. */
    static Optional<Secret> keyPassword(Values values, ProblemReporter reporter) {
        for (var password : List.of(KEY_PASSWORD, KEY_PASSWORD_FROM_ENV)) {
            if (reporter.hasValue(password) && !reporter.hasValue(KEY)) {
                reporter.report(password, "has no key to decrypt; add key");
            }
        }
        return reporter.secretFromEnvironment(KEY_PASSWORD_FROM_ENV, values).or(() -> values.get(KEY_PASSWORD));
    }

    static void requireCertAndKey(Key<?> cert, ProblemReporter reporter) {
        if (reporter.hasValue(cert) != reporter.hasValue(KEY)) {
            var present = reporter.hasValue(cert) ? cert : KEY;
            reporter.report(present, "has no effect alone; add " + (present == cert ? KEY : cert) + " or remove it");
        }
    }
}
