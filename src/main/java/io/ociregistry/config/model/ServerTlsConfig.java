package io.ociregistry.config.model;

import io.ociregistry.common.Secret;
import java.nio.file.Path;
import java.util.Optional;

/**
 * TLS towards our own clients; cert and key come together or not at all, and clients are verified with them only. The password is that of the
 * key, wherever it came from.
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
