package io.ociregistry.upstream;

import io.ociregistry.config.AuthConfig;
import io.ociregistry.config.Secret;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** Who we are to one registry. */
record Credentials(String user, Secret password) {
    static Optional<Credentials> of(AuthConfig config) {
        return config.user().map(user -> new Credentials(user, config.password().orElse(new Secret(""))));
    }

    /** The {@code Authorization} header of RFC 7617. */
    Secret basic() {
        byte[] both = (user + ":" + password.reveal()).getBytes(StandardCharsets.UTF_8);
        return new Secret("Basic " + Base64.getEncoder().encodeToString(both));
    }
}
