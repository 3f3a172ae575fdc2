package io.ociregistry.config.model;

import io.ociregistry.common.Secret;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Who we are to an upstream registry, or where that stands. */
public sealed interface AuthConfig {
    AuthConfig ANONYMOUS = new Anonymous();

    static AuthConfig basic(String user, String password) {
        return new Account(user, new Secret(password));
    }

    record Anonymous() implements AuthConfig {}

    /** The password is the one to use, wherever it came from. */
    record Account(String user, Secret password) implements AuthConfig {}

    record AccountWithFile(String user, Path passwordFile) implements AuthConfig {}

    /** What {@code docker login} knows: the path of a {@code config.json}. */
    record DockerConfig(Path file) implements AuthConfig {}

    /**
     * What {@code docker-credential-NAME} knows.
     *
     * @param environment what is set for it beside our own environment
     * @param life how long its answers are good; until they are refused, if empty
     */
    record Helper(String name, Map<String, String> environment, Optional<Duration> life) implements AuthConfig {
        /** What a helper can be called: what follows {@code docker-credential-} in the name of its program, and no path. */
        public static final String NAME = "(?!docker-credential-)[A-Za-z0-9][A-Za-z0-9._-]{0,99}";

        public Helper {
            environment = Map.copyOf(environment);
        }
    }

    /** A token that is shown to the registry as it is. */
    record Token(Secret token) implements AuthConfig {}

    /** The same person, who may be told to these token services too, wherever they are. */
    record KnownTo(AuthConfig who, List<URI> realms) implements AuthConfig {
        public KnownTo {
            realms = List.copyOf(realms);
        }
    }

    /** The token services beyond the registry's own site that may be told who we are. */
    static List<URI> realms(AuthConfig auth) {
        return auth instanceof KnownTo known ? known.realms() : List.of();
    }
}
