package io.ociregistry.config.model;

import io.ociregistry.common.Secret;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The section {@code admin}; see {@code docs/adr/0032-loopback-is-no-identity.md}.
 *
 * @param enabled whether the server has the admin API at all
 * @param token the token that requests must send
 * @param tokenFile the file that holds such a token; with both, either token is accepted
 * @param trustLoopback whether requests from this machine that no proxy marked as forwarded need no token
 * @param host the address on which the server listens on {@code port}
 * @param port the only port that has the admin API; 0 puts the API on the port for clients
 */
public record AdminConfig(
        boolean enabled,
        Optional<Secret> token,
        Optional<Path> tokenFile,
        boolean trustLoopback,
        String host,
        int port) {
    public static final AdminConfig DEFAULT =
            new AdminConfig(true, Optional.empty(), Optional.empty(), false, "127.0.0.1", 0);

    /** Whether the configuration gives a token; otherwise the server makes one. */
    public boolean hasToken() {
        return token.isPresent() || tokenFile.isPresent();
    }
}
