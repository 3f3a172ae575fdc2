package io.ociregistry.upstream.auth;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One challenge of a {@code WWW-Authenticate} header (RFC 9110, 11.6.1).
 *
 * @param scheme in lower case
 * @param parameters by their names in lower case; the first of several with one name
 */
public record AuthChallenge(String scheme, Map<String, String> parameters) {
    static final String BASIC = "basic";
    static final String BEARER = "bearer";

    public AuthChallenge {
        scheme = scheme.toLowerCase(Locale.ROOT);
        parameters = Map.copyOf(parameters);
    }

    /**
     * Returns the challenges of all {@code WWW-Authenticate} headers of an answer, in their order. Omits malformed
     * parts and never throws.
     */
    public static List<AuthChallenge> parse(List<String> headers) {
        return headers.stream()
                .flatMap(header -> new ChallengeParser(header).challenges().stream())
                .toList();
    }

    /** Returns a parameter; empty if it is missing or blank. */
    Optional<String> parameter(String name) {
        return Optional.ofNullable(parameters.get(name)).filter(value -> !value.isBlank());
    }

    boolean hasScheme(String other) {
        return scheme.equals(other);
    }

    /** Collects the parameters of one challenge. */
    static final class Builder {
        private final String scheme;
        private final Map<String, String> parameters = new TreeMap<>();

        Builder(String scheme) {
            this.scheme = scheme;
        }

        void add(String name, String value) {
            parameters.putIfAbsent(name.toLowerCase(Locale.ROOT), value);
        }

        AuthChallenge build() {
            return new AuthChallenge(scheme, parameters);
        }
    }
}
