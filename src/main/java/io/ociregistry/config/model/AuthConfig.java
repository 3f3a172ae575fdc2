package io.ociregistry.config.model;

import io.ociregistry.common.Secret;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The credentials for an upstream registry, or their source. */
public sealed interface AuthConfig {
    AuthConfig ANONYMOUS = new Anonymous();

    static AuthConfig basic(String user, String password) {
        return new Account(user, new Secret(password));
    }

    record Anonymous() implements AuthConfig {}

    /** An account with its password, whichever key it came from. */
    record Account(String user, Secret password) implements AuthConfig {}

    /** An account whose password is the first line of a file. */
    record AccountWithFile(String user, Path passwordFile) implements AuthConfig {}

    /** A {@code config.json} that {@code docker login} writes. */
    record DockerConfig(Path file) implements AuthConfig {}

    /**
     * The credential helper {@code docker-credential-NAME}.
     *
     * @param environment variables that the helper gets in addition to the server's own
     * @param lifetime how long the server reuses an answer; if empty, until the registry refuses it
     */
    record Helper(String name, Map<String, String> environment, Optional<Duration> lifetime) implements AuthConfig {
        /** A valid name: the part after {@code docker-credential-} in the name of the program, without a path. */
        public static final String NAME = "(?!docker-credential-)[A-Za-z0-9][A-Za-z0-9._-]{0,99}";

        public Helper {
            environment = Map.copyOf(environment);
        }
    }

    /** A token that is sent to the registry unchanged. */
    record Token(Secret token) implements AuthConfig {}

    /** Credentials that may also be sent to these token services, on any host. */
    record WithRealms(AuthConfig credentials, List<URI> realms) implements AuthConfig {
        public WithRealms {
            realms = List.copyOf(realms);
        }
    }

    /** The token services outside the registry's own site to which the credentials may be sent. */
    static List<URI> realms(AuthConfig auth) {
        return auth instanceof WithRealms known ? known.realms() : List.of();
    }
}
