package io.ociregistry.config.model;

import io.ociregistry.common.Secret;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The section {@code clients}: the credentials that clients must send.
 *
 * @param htpasswd the file with users and their password hashes
 * @param token a bearer token; {@code tokenFile} takes precedence
 * @param tokenFile a file whose first line is the bearer token
 */
public record ClientsConfig(Optional<Path> htpasswd, Optional<Secret> token, Optional<Path> tokenFile) {
    /** Clients need no credentials. */
    public static final ClientsConfig NONE = new ClientsConfig(Optional.empty(), Optional.empty(), Optional.empty());
}
