package io.ociregistry.config.model;

import io.ociregistry.common.Secret;
import java.nio.file.Path;
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
    /** Verification with the trust store of the operating system, and no client certificate. */
    public static final TlsConfig DEFAULT = new TlsConfig(Optional.empty(), Optional.empty(), Optional.empty(), false);

    /** Makes a configuration whose key, if any, is not encrypted. */
    public TlsConfig(Optional<Path> ca, Optional<Path> cert, Optional<Path> key, boolean insecureSkipVerify) {
        this(ca, cert, key, Optional.empty(), insecureSkipVerify);
    }
}
