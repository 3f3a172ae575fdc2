package io.ociregistry.upstream.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.common.Secret;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.address.AllowedTargets;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.credentials.Credentials;
import java.net.URI;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the challenges of one registry and of the hosts that it redirects to (distribution's token specification; RFC
 * 9110 section 11).
 *
 * <p>Bearer is preferred to Basic. If the registry or its token service refuses the credentials, by 401 or 403, the
 * request is tried once more with their replacement or anonymously ({@link CredentialPolicy}, ADR 12). Thread-safe.
 */
public final class Authenticator {
    private static final Logger LOG = LoggerFactory.getLogger(Authenticator.class);
    private static final int REPOSITORIES = 1024;

    private final AllowedTargets allowedTargets;
    private final Origin home;
    private final CredentialPolicy credentialPolicy;
    private final BearerTokens tokens;
    /**
     * The token that the last challenge for a repository required, without credentials, so that the next request can
     * bring such a token.
     */
    private final Cache<String, TokenRequest> requiredTokens =
            Caffeine.newBuilder().maximumSize(REPOSITORIES).build();

    private volatile boolean basicRequired;

    public Authenticator(AllowedTargets allowedTargets, CredentialPolicy credentialPolicy, BearerTokens tokens) {
        this.allowedTargets = allowedTargets;
        this.home = allowedTargets.registry();
        this.credentialPolicy = credentialPolicy;
        this.tokens = tokens;
    }

    /** Starts a request to the registry, with the authorization that the last challenge required. */
    public Attempt forRegistry(String repository) {
        TokenRequest request = requiredTokens.getIfPresent(repository);
        if (request != null) {
            return new Attempt(home, repository, bearer(request, repository));
        }
        return new Attempt(home, repository, basicRequired ? basic(repository) : Authorization.ANONYMOUS);
    }

    /** Starts a request to a host that the registry redirects to. */
    public Attempt forRedirect(Origin origin, String repository) {
        return new Attempt(origin, repository, Authorization.ANONYMOUS);
    }

    /**
     * One request to one origin, with its current authorization and the next one after a refusal. For use by one
     * thread.
     */
    public final class Attempt {
        private final boolean own;
        private final String repository;
        private final boolean startedWithoutHeader;
        private Authorization current;
        /** Number of challenges that may still be answered. */
        private int answersLeft;

        private boolean replaced;

        private Attempt(Origin origin, String repository, Authorization first) {
            this.own = origin.equals(home);
            this.repository = repository;
            this.current = first;
            this.startedWithoutHeader = first.header().isEmpty();
            this.answersLeft = first.fresh() ? 1 : 2;
        }

        /** Returns the {@code Authorization} header to send. */
        public Optional<Secret> header() {
            return current.header();
        }

        /** Returns whether the header is made from configured credentials. */
        public boolean hasCredentials() {
            return current.header().isPresent() && current.credentials().isPresent();
        }

        /** Returns whether the request is anonymous because the configured credentials were refused. */
        public boolean isAnonymousFallback() {
            return current.fallback();
        }

        /**
         * Returns whether there is another authorization to send after an answer of 401 or 403.
         *
         * <p>A challenge is answered with a token. If the registry refuses that token, the next challenge is answered
         * with one more: replicas of a token service may need a moment to agree. So at most one token is fetched after
         * a fresh one was refused. Then the credentials are replaced, once. After that a refusal is final.
         */
        public boolean prepareRetry(int status, List<AuthChallenge> challenges) {
            Optional<Authorization> improved = Optional.empty();
            if (status == 401 && answersLeft > 0) {
                answersLeft--;
                improved = answer(challenges);
            }
            if (improved.isEmpty() && !replaced && current.credentials().isPresent()) {
                replaced = true;
                improved = replacement(current.credentials().get(), status);
            }
            if (improved.isEmpty() && status == 401) {
                // Otherwise the host would get the refused token again until the token expires.
                current.token().ifPresent(tokens::invalidate);
            }
            improved.ifPresent(next -> current = next);
            return improved.isPresent();
        }

        private Optional<Authorization> answer(List<AuthChallenge> challenges) {
            boolean basic = own && challenges.stream().anyMatch(challenge -> challenge.hasScheme(AuthChallenge.BASIC));
            Optional<AuthChallenge> bearer = challenges.stream()
                    .filter(challenge -> challenge.hasScheme(AuthChallenge.BEARER))
                    // A challenge without a token service cannot be answered. It is reported only if there is no
                    // other challenge.
                    .filter(challenge -> !basic || challenge.parameter("realm").isPresent())
                    .min(Comparator.comparing(
                            challenge -> challenge.parameter("realm").isEmpty()));
            Authorization next = Authorization.ANONYMOUS;
            if (bearer.isPresent()) {
                next = token(bearer.get());
            } else if (basic) {
                next = basic(repository);
                basicRequired |= next.header().isPresent();
            }
            // The registry would refuse an equal header again.
            boolean unchanged = next.header().isEmpty() || next.header().equals(current.header());
            return unchanged ? Optional.empty() : Optional.of(next);
        }

        private Authorization token(AuthChallenge challenge) {
            TokenRequest request = tokenRequest(challenge, repository);
            current.token()
                    .ifPresent(token -> tokens.invalidate(request.withCredentials(current.credentials()), token));
            if (!own) {
                return Authenticator.this.token(request, Authorization.ANONYMOUS);
            }
            requiredTokens.put(repository, request);
            return bearer(request, repository);
        }

        private Optional<Authorization> replacement(Credentials refused, int status) {
            TokenRequest request = requiredTokens.getIfPresent(repository);
            Optional<URI> realm = Optional.ofNullable(request).map(TokenRequest::realm);
            Authorization next = credentialPolicy.replacement(refused, realm, repository, "it answered " + status);
            if (request != null) {
                // The token will be new, so another challenge cannot be answered better.
                answersLeft = 0;
                try {
                    return Optional.of(Authenticator.this.token(request, next));
                } catch (RegistryException e) {
                    LOG.debug("{}: {}", home, e.getMessage());
                    return Optional.empty();
                }
            }
            Optional<Authorization> basic =
                    next.credentials().flatMap(Credentials::basicHeader).map(next::with);
            return basic.isPresent() || startedWithoutHeader ? basic : Optional.of(next);
        }
    }

    private TokenRequest tokenRequest(AuthChallenge challenge, String repository) {
        Optional<String> scope =
                challenge.parameter("scope").or(() -> Optional.of("repository:" + repository + ":pull"));
        return new TokenRequest(realm(challenge), challenge.parameter("service"), scope, Optional.empty());
    }

    private URI realm(AuthChallenge challenge) {
        try {
            URI realm = Origin.parse(challenge.parameter("realm").orElse(""));
            allowedTargets.check(realm);
            return realm;
        } catch (IllegalArgumentException e) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_BAD_ANSWER,
                    home + " names a token service that can't be used: " + e.getMessage(),
                    e);
        }
    }

    private Authorization basic(String repository) {
        Authorization identity = credentialPolicy.initial(Optional.empty(), repository);
        return identity.credentials()
                .flatMap(Credentials::basicHeader)
                .map(identity::with)
                .orElse(identity);
    }

    private Authorization bearer(TokenRequest request, String repository) {
        Authorization identity = credentialPolicy.initial(Optional.of(request.realm()), repository);
        try {
            return identity.credentials().isPresent() ? token(request, identity, repository) : token(request, identity);
        } catch (RegistryException e) {
            if (e.code() != ErrorCode.TOO_MANY_REQUESTS) {
                // The registry may require another token by now: the next request waits for its challenge.
                requiredTokens.asMap().remove(repository, request);
            }
            throw e;
        }
    }

    /** Returns a token for these credentials, or for their replacement if they are refused. */
    private Authorization token(TokenRequest request, Authorization identity, String repository) {
        try {
            return token(request, identity);
        } catch (RegistryException e) {
            if (e.code() != ErrorCode.DENIED) {
                throw e;
            }
            Authorization other = credentialPolicy.replacement(
                    identity.credentials().orElseThrow(), Optional.of(request.realm()), repository, e.getMessage());
            try {
                return token(request, other);
            } catch (RegistryException alsoDenied) {
                throw alsoDenied.code() == ErrorCode.DENIED ? e : alsoDenied;
            }
        }
    }

    private Authorization token(TokenRequest request, Authorization identity) {
        Optional<BearerTokens.TokenResult> own = identity.credentials()
                .filter(Credentials.RegistryToken.class::isInstance)
                .map(known -> new BearerTokens.TokenResult(((Credentials.RegistryToken) known).token(), false));
        return identity.with(own.orElseGet(() -> tokens.get(request.withCredentials(identity.credentials()))));
    }
}
