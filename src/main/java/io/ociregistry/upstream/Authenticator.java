package io.ociregistry.upstream;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.config.Secret;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the challenges of one registry and of the hosts it redirects to (distribution's token specification; RFC 9110 section 11).
 *
 * <p>Bearer goes before Basic. Credentials go to the registry itself and to a token service of its own site, never anywhere else.
 */
final class Authenticator {
    private static final Logger LOG = LoggerFactory.getLogger(Authenticator.class);
    private static final int REPOSITORIES = 1024;

    private final Destinations destinations;
    private final Origin home;
    private final Optional<Credentials> credentials;
    private final BearerTokens tokens;
    /** What the last challenge for a repository wanted, so that the next request brings it along. */
    private final Cache<String, TokenRequest> wanted =
            Caffeine.newBuilder().maximumSize(REPOSITORIES).build();

    private volatile boolean basicWanted;

    Authenticator(Destinations destinations, Optional<Credentials> credentials, BearerTokens tokens) {
        this.destinations = destinations;
        this.home = destinations.home();
        this.credentials = credentials;
        this.tokens = tokens;
    }

    /** What to send to the registry with the first try. */
    Optional<Secret> atFirst(String repository) {
        Optional<TokenRequest> request = Optional.ofNullable(wanted.getIfPresent(repository));
        if (request.isPresent()) {
            return request.map(wish -> bearer(wish, repository));
        }
        return basicWanted ? credentials.map(Credentials::basic) : Optional.empty();
    }

    /**
     * What to send after a challenge; empty if there is nothing that could help.
     *
     * @param challenger who challenged: the registry or a host that it redirected to
     * @param refused what was sent with the request that was challenged
     */
    Optional<Secret> answer(
            List<AuthChallenge> challenges, Origin challenger, String repository, Optional<Secret> refused) {
        Optional<AuthChallenge> bearer =
                challenges.stream().filter(c -> c.is(AuthChallenge.BEARER)).findFirst();
        boolean own = challenger.equals(home);
        if (bearer.isPresent()) {
            TokenRequest request = tokenRequest(bearer.get(), repository, own);
            refused.ifPresent(secret -> tokens.drop(request, withoutScheme(secret)));
            if (own) {
                wanted.put(repository, request);
            }
            return Optional.of(bearer(request, repository));
        }
        boolean basic = own && challenges.stream().anyMatch(c -> c.is(AuthChallenge.BASIC));
        Optional<Secret> answer = basic ? credentials.map(Credentials::basic) : Optional.empty();
        basicWanted |= answer.isPresent();
        // The same again would be refused again.
        return answer.equals(refused) ? Optional.empty() : answer;
    }

    /** Notes that an answer to a challenge was of no use: a token of another host's would be shown to it again, as long as it lives. */
    void refused(Secret secret) {
        tokens.drop(withoutScheme(secret));
    }

    private TokenRequest tokenRequest(AuthChallenge challenge, String repository, boolean own) {
        URI realm = realm(challenge);
        Optional<String> scope =
                challenge.parameter("scope").or(() -> Optional.of("repository:" + repository + ":pull"));
        return new TokenRequest(
                realm, challenge.parameter("service"), scope, own ? credentialsFor(realm) : Optional.empty());
    }

    private URI realm(AuthChallenge challenge) {
        try {
            URI realm = Origin.parse(challenge.parameter("realm").orElse(""));
            destinations.check(realm);
            return realm;
        } catch (IllegalArgumentException e) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_BAD_ANSWER,
                    home + " names a token service that can't be used: " + e.getMessage(),
                    e);
        }
    }

    private Optional<Credentials> credentialsFor(URI realm) {
        if (credentials.isPresent() && !Origin.of(realm).isSameSite(home)) {
            LOG.warn(
                    "{} names the token service {}, which is not of its site: asking it without credentials",
                    home,
                    Origin.of(realm));
            return Optional.empty();
        }
        return credentials;
    }

    private Secret bearer(TokenRequest request, String repository) {
        try {
            return new Secret("Bearer " + tokens.get(request).reveal());
        } catch (RegistryException e) {
            if (e.code() != ErrorCode.TOO_MANY_REQUESTS) {
                // The registry may want another one by now, from elsewhere: let it say so next time.
                wanted.asMap().remove(repository, request);
            }
            throw e;
        }
    }

    private static Secret withoutScheme(Secret header) {
        String value = header.reveal();
        return new Secret(value.substring(value.indexOf(' ') + 1));
    }
}
