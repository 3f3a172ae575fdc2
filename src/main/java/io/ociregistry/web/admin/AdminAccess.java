package io.ociregistry.web.admin;

import io.ociregistry.access.AdminToken;
import io.ociregistry.config.model.AdminConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * Decides whether a request may use the admin API: it must send the token. The address of a client is no identity,
 * because a reverse proxy on the same machine makes every client a loopback peer. See ADR 32.
 */
public final class AdminAccess {
    private static final String BEARER = "Bearer ";

    private final boolean enabled;
    private final AdminToken token;
    private final OptionalInt port;
    private final Function<HttpServletRequest, Optional<String>> withoutToken;

    /**
     * Creates a decision.
     *
     * @param port the only port with the admin API; empty if every port has it
     */
    public AdminAccess(AdminConfig config, AdminToken token, OptionalInt port) {
        this.port = port;
        this.enabled = config.enabled();
        this.token = token;
        this.withoutToken =
                config.trustLoopback() ? LoopbackTrust::objection : request -> Optional.of("the request has no token");
    }

    /**
     * Returns true if the request has the token, false if it needs none. A wrong token is refused even if the request
     * needs no token, so that the operator notices the mistake.
     *
     * @throws RegistryException {@link ErrorCode#PATH_UNKNOWN} if the admin API is disabled, otherwise {@link
     *     ErrorCode#DENIED}; the message says why, and what to do
     */
    boolean check(HttpServletRequest request) {
        if (port.isPresent() && port.getAsInt() != request.getLocalPort()) {
            throw new RegistryException(
                    ErrorCode.PATH_UNKNOWN, "the admin API is on another port of this server; see admin.port");
        }
        if (!enabled) {
            throw new RegistryException(
                    ErrorCode.PATH_UNKNOWN, "this server has no admin API: its configuration has admin.enabled: false");
        }
        Optional<String> sentToken = sentToken(request);
        Optional<String> objection = sentToken.isPresent()
                ? sentToken.filter(text -> !token.matches(text)).map(wrong -> "the token is wrong")
                : withoutToken.apply(request);
        objection.ifPresent(why -> {
            throw new RegistryException(
                    ErrorCode.DENIED,
                    "only the operator may use the admin API, and " + why
                            + ": this server requires the header Authorization: Bearer TOKEN, and the token is "
                            + token.clientHint());
        });
        return sentToken.isPresent();
    }

    private static Optional<String> sentToken(HttpServletRequest request) {
        return Optional.ofNullable(request.getHeader("Authorization"))
                .filter(value -> value.regionMatches(true, 0, BEARER, 0, BEARER.length()))
                .map(value -> value.substring(BEARER.length()).strip());
    }
}
