package io.ociregistry.upstream;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * A token to ask for; what tokens are kept by.
 *
 * @param realm the token service, with the query it was named with
 * @param credentials with which it is asked, if any
 */
record TokenRequest(URI realm, Optional<String> service, Optional<String> scope, Optional<Credentials> credentials) {
    /** Where to GET it. */
    URI uri() {
        StringJoiner query = new StringJoiner("&");
        Optional.ofNullable(realm.getRawQuery()).filter(own -> !own.isEmpty()).ifPresent(query::add);
        service.ifPresent(value -> query.add("service=" + encoded(value)));
        scope.ifPresent(value -> query.add("scope=" + encoded(value)));
        credentials.ifPresent(value -> query.add("account=" + encoded(value.user())));
        String path = realm.getRawPath().isEmpty() ? "/" : realm.getRawPath();
        return Origin.of(realm).resolve(path + (query.length() == 0 ? "" : "?" + query));
    }

    private static String encoded(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
    }
}
