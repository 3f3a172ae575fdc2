package io.ociregistry.upstream.auth;

import io.ociregistry.common.Secret;
import io.ociregistry.upstream.credentials.Credentials;
import java.util.Optional;

/**
 * What a request brings along to say who asks.
 *
 * @param header the header of that name
 * @param by whose it is; empty if nobody's
 * @param fallback true if there are credentials that were refused, so that nobody asks in their place
 * @param fresh true for a token that was fetched for this request
 */
public record Authorization(Optional<Secret> header, Optional<Credentials> by, boolean fallback, boolean fresh) {
    static final Authorization NONE = new Authorization(Optional.empty(), Optional.empty(), false, false);

    /** Nobody, in place of credentials that were refused. */
    static final Authorization INSTEAD = new Authorization(Optional.empty(), Optional.empty(), true, false);

    /** Somebody, before it is known how to say so. */
    public static Authorization of(Credentials by) {
        return new Authorization(Optional.empty(), Optional.of(by), false, false);
    }

    /** The same person with a header. */
    public Authorization with(Secret value) {
        return new Authorization(Optional.of(value), by, fallback, false);
    }

    /** The same person with a token. */
    Authorization with(BearerTokens.Given given) {
        Secret value = new Secret("Bearer " + given.token().reveal());
        return new Authorization(Optional.of(value), by, fallback, given.fresh());
    }

    /** The token or password without the name of its scheme. */
    Optional<Secret> token() {
        return header.map(Secret::reveal).map(value -> new Secret(value.substring(value.indexOf(' ') + 1)));
    }
}
