package io.ociregistry.config.model;

import io.ociregistry.common.Secret;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How the certificates of an upstream registry are checked, and which one we show: cert and key come together or not at all. The password
 * is that of the key, wherever it came from.
 */
public record TlsConfig(
        Optional<Path> ca,
        Optional<Path> cert,
        Optional<Path> key,
        Optional<Secret> keyPassword,
        boolean insecureSkipVerify) {
    /** Checked against the trust store of the operating system, and no certificate of our own. */
    public static final TlsConfig DEFAULT = new TlsConfig(Optional.empty(), Optional.empty(), Optional.empty(), false);

    /** With a key that is not encrypted, if with any. */
    public TlsConfig(Optional<Path> ca, Optional<Path> cert, Optional<Path> key, boolean insecureSkipVerify) {
        this(ca, cert, key, Optional.empty(), insecureSkipVerify);
    }
}
