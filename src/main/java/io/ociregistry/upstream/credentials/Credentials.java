package io.ociregistry.upstream.credentials;

import io.ociregistry.common.Secret;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** Who we are to one registry. */
public sealed interface Credentials {
    /** What to send to a registry that wants Basic; empty if they are of no use there. */
    Optional<Secret> basic();

    /** What token services call who asks; empty if nothing. */
    String account();

    /** A name and a password. */
    record Account(String user, Secret password) implements Credentials {
        @Override
        public Optional<Secret> basic() {
            return Optional.of(encoded(user, password));
        }

        @Override
        public String account() {
            return user;
        }
    }

    /**
     * What {@code docker login} got in exchange for a password: token services take it as a refresh token, registries do not take it.
     *
     * @param user may be empty
     */
    record IdentityToken(String user, Secret token) implements Credentials {
        @Override
        public Optional<Secret> basic() {
            return Optional.empty();
        }

        @Override
        public String account() {
            return user;
        }
    }

    /** A token for the registry itself, shown as it is with the scheme that the registry asks for. No token service sees it. */
    record RegistryToken(Secret token) implements Credentials {
        @Override
        public Optional<Secret> basic() {
            return Optional.of(new Secret("Basic " + token.reveal()));
        }

        @Override
        public String account() {
            return "";
        }
    }

    /** The {@code Authorization} header of RFC 7617. */
    static Secret encoded(String user, Secret password) {
        byte[] both = (user + ":" + password.reveal()).getBytes(StandardCharsets.UTF_8);
        return new Secret("Basic " + Base64.getEncoder().encodeToString(both));
    }
}
