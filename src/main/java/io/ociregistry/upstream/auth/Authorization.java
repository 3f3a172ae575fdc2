package io.ociregistry.upstream.auth;

import io.ociregistry.common.Secret;
import io.ociregistry.upstream.credentials.Credentials;
import java.util.Optional;

/**
 * The authorization of one request.
 *
 * @param header the {@code Authorization} header
 * @param credentials the credentials that the header is made from; empty for anonymous requests
 * @param fallback true for an anonymous request whose configured credentials were refused
 * @param fresh true for a token that was fetched for this request
 */
public record Authorization(
        Optional<Secret> header, Optional<Credentials> credentials, boolean fallback, boolean fresh) {
    static final Authorization ANONYMOUS = new Authorization(Optional.empty(), Optional.empty(), false, false);

    /** Anonymous, because the configured credentials were refused. */
    static final Authorization ANONYMOUS_FALLBACK = new Authorization(Optional.empty(), Optional.empty(), true, false);

    /** Returns an authorization by credentials, before the required scheme is known. */
    public static Authorization of(Credentials by) {
        return new Authorization(Optional.empty(), Optional.of(by), false, false);
    }

    public Authorization with(Secret value) {
        return new Authorization(Optional.of(value), credentials, fallback, false);
    }

    Authorization with(BearerTokens.TokenResult given) {
        Secret value = new Secret("Bearer " + given.token().reveal());
        return new Authorization(Optional.of(value), credentials, fallback, given.fresh());
    }

    /** Returns the token or password without the name of its scheme. */
    Optional<Secret> token() {
        return header.map(Secret::reveal).map(value -> new Secret(value.substring(value.indexOf(' ') + 1)));
    }
}
