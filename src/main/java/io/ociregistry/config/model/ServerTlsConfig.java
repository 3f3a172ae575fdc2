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
 * The section {@code serverTlsConfig}: TLS towards clients. {@code cert} and {@code key} are both set or both empty;
 * verifying clients needs them.
 *
 * @param keyPassword the password of the key, whichever key of the configuration it came from
 */
public record ServerTlsConfig(
        Optional<Path> cert,
        Optional<Path> key,
        Optional<Secret> keyPassword,
        Optional<Path> ca,
        ClientAuth clientAuth) {
    /** Whether clients of the server's TLS port must send a certificate. */
    public enum ClientAuth {
        NONE,
        VERIFY
    }

    private static final Key<Optional<Path>> CERT = optional("cert", Scalar.PATH);
    private static final Key<Optional<Path>> CA = optional("ca", Scalar.PATH);
    private static final Key<ClientAuth> CLIENT_AUTH =
            new Key<>("clientAuth", Scalar.oneOf(ClientAuth.class), ClientAuth.NONE);
    public static final ObjectType<ServerTlsConfig> KEYS = new ObjectType<>(
            List.of(CERT, TlsConfig.KEY, TlsConfig.KEY_PASSWORD, TlsConfig.KEY_PASSWORD_FROM_ENV, CA, CLIENT_AUTH),
            ServerTlsConfig::of);

    public static final ServerTlsConfig NONE = new ServerTlsConfig(
            Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), ClientAuth.NONE);

    private static ServerTlsConfig of(Values values, ProblemReporter reporter) {
        TlsConfig.requireCertAndKey(CERT, reporter);
        boolean verifies = values.get(CLIENT_AUTH) == ClientAuth.VERIFY;
        if (verifies && !reporter.hasValue(CERT)) {
            reporter.report(CLIENT_AUTH, "needs TLS to verify clients; add cert and key");
        }
        if (!verifies && reporter.hasValue(CA)) {
            reporter.warn(CA, "has no effect while clientAuth is none; write clientAuth: verify to verify clients");
        }
        return new ServerTlsConfig(
                values.get(CERT),
                values.get(TlsConfig.KEY),
                TlsConfig.keyPassword(values, reporter),
                values.get(CA),
                values.get(CLIENT_AUTH));
    }
}
