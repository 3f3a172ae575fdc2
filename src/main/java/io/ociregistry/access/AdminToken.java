package io.ociregistry.access;

import io.ociregistry.common.Secret;
import io.ociregistry.config.model.AdminConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The token of the admin API: checks the tokens of requests, and describes where operators find the right token.
 * Thread-safe.
 */
public final class AdminToken {
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
