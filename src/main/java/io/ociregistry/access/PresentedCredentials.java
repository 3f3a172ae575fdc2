package io.ociregistry.access;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The credentials in the {@code Authorization} header of a request (RFC 7617 and RFC 6750). Their {@code toString} does
 * not reveal them.
 */
sealed interface PresentedCredentials {
    /** An empty name and password: a colon in base64. */
    String EMPTY = "Og==";

    /**
     * No header, another scheme, a malformed value, or the empty name and password that podman and skopeo send without
     * credentials.
     */
    record None() implements PresentedCredentials {}

    /** A user name, and a password in the encoding of the client. */
    final class Basic implements PresentedCredentials {
        private final String user;
        private final byte[] password;

        private Basic(String user, byte[] password) {
            this.user = user;
            this.password = password;
        }

        String user() {
            return user;
        }

        byte[] password() {
            return password.clone();
        }
    }

    final class Bearer implements PresentedCredentials {
        private final String token;

        private Bearer(String token) {
            this.token = token;
        }

        String token() {
            return token;
        }
    }

    static PresentedCredentials parse(@Nullable String header) {
        String text = header == null ? "" : header.strip();
        int space = text.indexOf(' ');
        if (space < 0) {
            return new None();
        }
        String rest = text.substring(space).strip();
        return switch (text.substring(0, space).toLowerCase(Locale.ROOT)) {
            case "basic" -> basic(rest);
            case "bearer" -> new Bearer(rest);
            default -> new None();
        };
    }

    private static PresentedCredentials basic(String encoded) {
        if (encoded.equals(EMPTY)) {
            return new None();
        }
        byte[] pair;
        try {
            pair = Base64.getDecoder().decode(encoded);
        } catch (IllegalArgumentException e) {
            return new None();
        }
        for (int i = 0; i < pair.length; i++) {
            if (pair[i] == ':') {
                String user = new String(pair, 0, i, StandardCharsets.UTF_8);
                return new Basic(user, Arrays.copyOfRange(pair, i + 1, pair.length));
            }
        }
        return new None();
    }
}
