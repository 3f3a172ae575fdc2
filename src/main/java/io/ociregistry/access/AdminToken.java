package io.ociregistry.access;

import io.ociregistry.common.Secret;
import io.ociregistry.config.model.AdminConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The token of the admin API: checks the tokens of requests, and describes where operators find the right token.
 * Thread-safe.
 */
public final class AdminToken {
    private static final Logger LOG = LoggerFactory.getLogger(AdminToken.class);

    private final List<SharedToken> accepted;
    private final String place;
    private final String hint;

    private AdminToken(List<SharedToken> accepted, String place, String hint) {
        this.accepted = accepted;
        this.place = place;
        this.hint = hint;
    }

    /** Returns the configured token, or both tokens if {@code admin.token} and {@code admin.tokenFile} are set. */
    public static AdminToken of(AdminConfig config) {
        List<SharedToken> accepted = Stream.concat(
                        config.token().map(SharedToken::of).stream(),
                        config.tokenFile().map(file -> SharedToken.readOnUse("admin.tokenFile", file)).stream())
                .toList();
        String place = config.tokenFile()
                .map(file -> "the token in " + file + " (admin.tokenFile)")
                .orElse("the token in admin.token of the configuration");
        return new AdminToken(accepted, place, "the one in admin.token or admin.tokenFile of its configuration");
    }

    /**
     * Returns the configured token, or the token in the file, which is created if needed. Without a usable token the
     * result accepts none, and a log line says why.
     */
    public static AdminToken of(AdminConfig config, AdminTokenFile file) {
        if (!config.enabled()) {
            return none("admin.enabled is false");
        }
        if (config.hasToken()) {
            return of(config);
        }
        try {
            return generated(new Secret(file.readOrCreate()), file.path());
        } catch (IOException e) {
            String reason = "there is no token, because " + e.getMessage()
                    + "; give one with admin.tokenFile, or start the server where it can write to its image path";
            LOG.error("the admin API is closed: {}", reason);
            return none(reason);
        }
    }

    /** Returns the token that the server generated. */
    public static AdminToken generated(Secret token, Path file) {
        return new AdminToken(
                List.of(SharedToken.of(token)),
                "the token in " + file,
                "the one in the file " + file.getFileName() + " of its image path");
    }

    /** Returns an access that accepts no token. */
    public static AdminToken none(String reason) {
        return new AdminToken(List.of(), "closed: " + reason, "missing on the server; its log says why");
    }

    /** Returns whether this is the right token, in a time that reveals nothing about it. */
    public boolean matches(String presented) {
        return accepted.stream().anyMatch(right -> right.matches(presented));
    }

    /** Returns the description for the log and the start banner, with the path of the file and never with the token. */
    public String description() {
        return place;
    }

    /** Returns the description for unauthenticated clients, without the path. */
    public String clientHint() {
        return hint;
    }
}
