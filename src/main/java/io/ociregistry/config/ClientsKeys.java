package io.ociregistry.config;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.common.Secret;
import io.ociregistry.config.model.ClientsConfig;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.Scalar;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The keys of {@code clients}. */
final class ClientsKeys {
    static final Key<Optional<Path>> HTPASSWD = optional(
            "htpasswd", Scalar.PATH, "users and their passwords, hashed with bcrypt; read again when it changes");
    static final Key<Optional<Secret>> TOKEN = optional("token", Scalar.SECRET, "a token that clients send as Bearer");
    static final Key<Optional<Path>> TOKEN_FILE = optional(
            "tokenFile",
            Scalar.PATH,
            "a file whose first line is such a token; read again when it changes; takes precedence over token");
    static final ObjectType<ClientsConfig> TYPE = new ObjectType<>(
            List.of(HTPASSWD, TOKEN, TOKEN_FILE),
            (values, reporter) -> new ClientsConfig(values.get(HTPASSWD), values.get(TOKEN), values.get(TOKEN_FILE)));

    private ClientsKeys() {}
}
