package io.ociregistry.config.model;

import io.ociregistry.common.Secret;
import java.nio.file.Path;
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
    public static final ServerTlsConfig NONE = new ServerTlsConfig(
            Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), ClientAuth.NONE);
}
