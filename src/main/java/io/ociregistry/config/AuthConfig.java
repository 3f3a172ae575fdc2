package io.ociregistry.config;

import java.util.Optional;

/** Who we are to an upstream registry. The password is the one to use, wherever it came from. */
public record AuthConfig(
        Optional<String> user, Optional<Secret> password, Optional<String> passwordFromEnv, TokenConfig token) {
    public static final AuthConfig ANONYMOUS =
            new AuthConfig(Optional.empty(), Optional.empty(), Optional.empty(), TokenConfig.NONE);

    public static AuthConfig basic(String user, String password) {
        return new AuthConfig(Optional.of(user), Optional.of(new Secret(password)), Optional.empty(), TokenConfig.NONE);
    }
}
