package io.ociregistry.upstream.auth;

import io.ociregistry.common.Secret;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.credentials.Credentials;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * A request for a token, and the cache key of that token.
 *
 * @param realm the URL of the token service, including the query of the challenge
 * @param credentials the credentials for the token service, if any
 */
record TokenRequest(URI realm, Optional<String> service, Optional<String> scope, Optional<Credentials> credentials) {
    TokenRequest withCredentials(Optional<Credentials> others) {
        return new TokenRequest(realm, service, scope, others);
    }

    /** Returns the identity token, if the credentials are one. */
    Optional<Secret> identityToken() {
        return credentials
                .filter(Credentials.IdentityToken.class::isInstance)
                .map(known -> ((Credentials.IdentityToken) known).token());
    }

    /** Returns the {@code Authorization} header of a GET request. */
    Optional<Secret> basicHeader() {
        return credentials.flatMap(known -> identityToken()
                .map(token -> Credentials.encodeBasic(known.account(), token))
                .or(known::basicHeader));
    }

    /** Returns the URL of a GET request. */
    URI uri() {
        StringJoiner query = new StringJoiner("&");
        service.ifPresent(value -> query.add("service=" + encoded(value)));
        scope.ifPresent(value -> query.add("scope=" + encoded(value)));
        credentials
                .map(Credentials::account)
                .filter(account -> !account.isEmpty())
                .ifPresent(account -> query.add("account=" + encoded(account)));
        return uri(query);
    }

    /** Returns the URL of a POST request. */
    URI formUri() {
        return uri(new StringJoiner("&"));
    }

    /** Returns the form that exchanges an identity token by OAuth2 (distribution's oauth2 specification). */
    Secret form(Secret identityToken) {
        StringJoiner form = new StringJoiner("&");
        form.add("grant_type=refresh_token").add("client_id=ociregistry");
        service.ifPresent(value -> form.add("service=" + encoded(value)));
        scope.ifPresent(value -> form.add("scope=" + encoded(value)));
        return new Secret(
                form.add("refresh_token=" + encoded(identityToken.reveal())).toString());
    }

    private URI uri(StringJoiner more) {
        StringJoiner query = new StringJoiner("&");
        Optional.ofNullable(realm.getRawQuery()).filter(own -> !own.isEmpty()).ifPresent(query::add);
        if (more.length() > 0) {
            query.add(more.toString());
        }
        String path = realm.getRawPath().isEmpty() ? "/" : realm.getRawPath();
        return Origin.of(realm).resolve(path + (query.length() == 0 ? "" : "?" + query));
    }

    private static String encoded(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return "a token for " + scope.orElse("no scope") + " from " + Origin.of(realm);
    }
}
