package io.ociregistry.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Who may administer the server from where; see {@code docs/adr/0025-who-may-administer.md}.
 *
 * @param token what a request from elsewhere has to bring
 * @param tokenFile where such a token stands; either will do
 * @param host where {@code port} is listened on
 * @param port a port that has the admin API, which no other port has then; 0 is none
 */
public record AdminConfig(Optional<Secret> token, Optional<Path> tokenFile, String host, int port) {
    public static final AdminConfig DEFAULT = new AdminConfig(Optional.empty(), Optional.empty(), "127.0.0.1", 0);
}
