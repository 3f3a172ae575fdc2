package io.ociregistry.config.model;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.common.Secret;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.Values;
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
    private static final Key<Optional<Path>> HTPASSWD = optional("htpasswd", Scalar.PATH);
    private static final Key<Optional<Secret>> TOKEN = optional("token", Scalar.SECRET);
    private static final Key<Optional<Path>> TOKEN_FILE = optional("tokenFile", Scalar.PATH);
    public static final ObjectType<ClientsConfig> KEYS = ObjectType.of(ClientsConfig::new, HTPASSWD, TOKEN, TOKEN_FILE);

    /** Clients need no credentials. */
    public static final ClientsConfig NONE = new ClientsConfig(Values.NONE);

    private ClientsConfig(Values values) {
        this(values.get(HTPASSWD), values.get(TOKEN), values.get(TOKEN_FILE));
    }
}
