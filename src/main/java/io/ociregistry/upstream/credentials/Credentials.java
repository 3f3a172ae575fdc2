package io.ociregistry.upstream.credentials;

import io.ociregistry.common.Secret;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** The credentials of this server for one registry. */
public sealed interface Credentials {
    /**
     * Returns the {@code Authorization} header for a registry that requires Basic; empty if these credentials do not
     * apply.
     */
    Optional<Secret> basicHeader();

    /** Returns the {@code account} parameter for token services; may be empty. */
    String account();

    record Account(String user, Secret password) implements Credentials {
        @Override
        public Optional<Secret> basicHeader() {
            return Optional.of(encodeBasic(user, password));
        }

        @Override
        public String account() {
            return user;
        }
    }

    /**
     * The refresh token that {@code docker login} got in exchange for a password. Token services accept it, registries
     * do not.
     *
     * @param user may be empty
     */
    record IdentityToken(String user, Secret token) implements Credentials {
        @Override
        public Optional<Secret> basicHeader() {
            return Optional.empty();
        }

        @Override
        public String account() {
            return user;
        }
    }

    /**
     * A token for the registry itself, sent unchanged with the scheme that the registry requires. It is never sent to a
     * token service.
     */
    record RegistryToken(Secret token) implements Credentials {
        @Override
        public Optional<Secret> basicHeader() {
            return Optional.of(new Secret("Basic " + token.reveal()));
        }

        @Override
        public String account() {
            return "";
        }
    }

    /** Returns the {@code Authorization} header of RFC 7617. */
    static Secret encodeBasic(String user, Secret password) {
        byte[] pair = (user + ":" + password.reveal()).getBytes(StandardCharsets.UTF_8);
        return new Secret("Basic " + Base64.getEncoder().encodeToString(pair));
    }
}
