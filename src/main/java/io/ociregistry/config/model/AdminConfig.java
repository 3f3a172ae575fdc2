package io.ociregistry.config.model;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.common.Secret;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.ObjectType.ProblemReporter;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.Values;
import java.nio.file.Path;
import java.util.List;
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
    private static final int MIN_TOKEN_LENGTH = 16;

    private static final Key<Boolean> ENABLED = new Key<>("enabled", Scalar.BOOLEAN, true);
    private static final Key<Optional<Secret>> TOKEN = optional("token", Scalar.SECRET);
    private static final Key<Optional<Path>> TOKEN_FILE = optional("tokenFile", Scalar.PATH);
    private static final Key<Boolean> TRUST_LOOPBACK = new Key<>("trustLoopback", Scalar.BOOLEAN, false);
    private static final Key<String> HOST = new Key<>("host", Scalar.TEXT, "127.0.0.1");
    private static final Key<Integer> PORT = new Key<>("port", Scalar.PORT, 0);
    public static final ObjectType<AdminConfig> KEYS =
            new ObjectType<>(List.of(ENABLED, TOKEN, TOKEN_FILE, TRUST_LOOPBACK, HOST, PORT), AdminConfig::of);

    public static final AdminConfig DEFAULT = new AdminConfig(Values.NONE);

    private AdminConfig(Values values) {
        this(
                values.get(ENABLED),
                values.get(TOKEN),
                values.get(TOKEN_FILE),
                values.get(TRUST_LOOPBACK),
                values.get(HOST),
                values.get(PORT));
    }

    private static AdminConfig of(Values values, ProblemReporter reporter) {
        // Checked here and not by Scalar.checked(), whose message quotes the value.
        if (values.get(TOKEN)
                .filter(token -> token.reveal().length() < MIN_TOKEN_LENGTH)
                .isPresent()) {
            reporter.report(TOKEN, "is too short; write at least " + MIN_TOKEN_LENGTH + " characters");
        }
        return new AdminConfig(values);
    }

    /** Whether the configuration gives a token; otherwise the server makes one. */
    public boolean hasToken() {
        return token.isPresent() || tokenFile.isPresent();
    }
}
