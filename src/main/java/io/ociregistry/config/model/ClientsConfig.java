package io.ociregistry.config.model;

import io.ociregistry.common.Secret;
import java.nio.file.Path;
import java.util.Optional;

/** What clients have to show: a password of one of the users in a file, or a token, which stands in another file or, without that, here. */
public record ClientsConfig(Optional<Path> htpasswd, Optional<Secret> token, Optional<Path> tokenFile) {
    /** Nothing. */
    public static final ClientsConfig NONE = new ClientsConfig(Optional.empty(), Optional.empty(), Optional.empty());
}
