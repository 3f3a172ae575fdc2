package io.ociregistry.access;

import io.ociregistry.common.Secret;
import io.ociregistry.config.model.AdminConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The token of the admin API: decides whether a request sent the right one, and says where operators find it.
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

    /** The token, or the two tokens, that the configuration gives. */
    public static AdminToken of(AdminConfig config) {
        List<SharedToken> accepted = Stream.concat(
                        config.token().map(SharedToken::of).stream(),
                        config.tokenFile().map(file -> SharedToken.readWhenShown("admin.tokenFile", file)).stream())
                .toList();
        String place = config.tokenFile()
                .map(file -> "the token in " + file + " (admin.tokenFile)")
                .orElse("the token that admin.token of the configuration gives");
        return new AdminToken(
                accepted, place, "the one that admin.token or admin.tokenFile of its configuration gives");
    }

    /** The token that the server made. */
    public static AdminToken made(Secret token, Path file) {
        return new AdminToken(
                List.of(SharedToken.of(token)),
                "the token in " + file,
                "the one in the file " + file.getFileName() + " of its image path");
    }

    /** No token, so that none is right. */
    public static AdminToken none(String reason) {
        return new AdminToken(List.of(), "closed: " + reason, "one that it does not have; its log says why");
    }

    /** Whether this is the token; the time that the answer takes tells nothing of the token. */
    public boolean is(String shown) {
        return accepted.stream().anyMatch(right -> right.is(shown));
    }

    /** For the log and the start banner: what the API wants, with the path of the file; never the token. */
    public String place() {
        return place;
    }

    /** The same for a client that may be anybody, without the path. */
    public String hint() {
        return hint;
    }
}
