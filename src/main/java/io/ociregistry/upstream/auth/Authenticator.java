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
 * Answers the challenges of one registry and of the hosts it redirects to (distribution's token specification; RFC 9110 section 11).
 *
 * <p>Bearer goes before Basic. Where credentials are refused, by 401 or 403 and by the registry or its token service, somebody else asks once
 * ({@link CredentialPolicy}).
 */
public final class Authenticator {
    private static final Logger LOG = LoggerFactory.getLogger(Authenticator.class);
    private static final int REPOSITORIES = 1024;

    private final AllowedTargets destinations;
    private final Origin home;
    private final CredentialPolicy identities;
    private final BearerTokens tokens;
    /** What the last challenge for a repository wanted, by whomever, so that the next request brings it along. */
    private final Cache<String, TokenRequest> wanted =
            Caffeine.newBuilder().maximumSize(REPOSITORIES).build();

    private volatile boolean basicWanted;

    public Authenticator(AllowedTargets destinations, CredentialPolicy identities, BearerTokens tokens) {
        this.destinations = destinations;
        this.home = destinations.home();
        this.identities = identities;
        this.tokens = tokens;
    }

    /** A request to the registry, beginning with what it is known to want. */
    public Attempt atHome(String repository) {
        TokenRequest request = wanted.getIfPresent(repository);
        if (request != null) {
            return new Attempt(home, repository, bearer(request, repository));
        }
        return new Attempt(home, repository, basicWanted ? basic(repository) : Authorization.NONE);
    }

    /** A request to a host that the registry redirects to. */
    public Attempt elsewhere(Origin origin, String repository) {
        return new Attempt(origin, repository, Authorization.NONE);
    }

    /** One request at one origin: who asks, and who asks after that was refused. One thread's. */
    public final class Attempt {
        private final boolean own;
        private final String repository;
        private final boolean beganBare;
        private Authorization current;
        /** How many more challenges are answered. */
        private int answersLeft;

        private boolean replaced;

        private Attempt(Origin origin, String repository, Authorization first) {
            this.own = origin.equals(home);
            this.repository = repository;
            this.current = first;
            this.beganBare = first.header().isEmpty();
            this.answersLeft = first.fresh() ? 1 : 2;
        }

        /** What to send. */
        public Optional<Secret> header() {
            return current.header();
        }

        /** True if nobody asks, although there are credentials: they were refused. */
        public boolean isFallback() {
            return current.fallback();
        }

        /**
         * Whether there is something else to send after an answer of 401 or 403.
         *
         * <p>A challenge is answered with a token. If the registry refuses that token, the next challenge is answered
         * with one more: replicas of a token service may need a moment to agree. So at most one token is fetched after
         * a fresh one was refused. Then the credentials are replaced, once. After that a refusal is final.
         */
        public boolean improve(int status, List<AuthChallenge> challenges) {
            Optional<Authorization> better = Optional.empty();
            if (status == 401 && answersLeft > 0) {
                answersLeft--;
                better = answer(challenges);
            }
            if (better.isEmpty() && !replaced && current.by().isPresent()) {
                replaced = true;
                better = replacement(current.by().get(), status);
            }
            if (better.isEmpty() && status == 401) {
                // A token of another host's would be shown to it again, as long as it lives.
                current.token().ifPresent(tokens::drop);
            }
            better.ifPresent(next -> current = next);
            return better.isPresent();
        }

        private Optional<Authorization> answer(List<AuthChallenge> challenges) {
            boolean basic = own && challenges.stream().anyMatch(challenge -> challenge.is(AuthChallenge.BASIC));
            Optional<AuthChallenge> bearer = challenges.stream()
                    .filter(challenge -> challenge.is(AuthChallenge.BEARER))
                    // One that names no token service can't be answered, and is told of only if there is nothing
                    // better.
                    .filter(challenge -> !basic || challenge.parameter("realm").isPresent())
                    .min(Comparator.comparing(
                            challenge -> challenge.parameter("realm").isEmpty()));
            Authorization next = Authorization.NONE;
            if (bearer.isPresent()) {
                next = token(bearer.get());
            } else if (basic) {
                next = basic(repository);
                basicWanted |= next.header().isPresent();
            }
            // The same again would be refused again.
            boolean useless = next.header().isEmpty() || next.header().equals(current.header());
            return useless ? Optional.empty() : Optional.of(next);
        }

        private Authorization token(AuthChallenge challenge) {
            TokenRequest request = tokenRequest(challenge, repository);
            current.token().ifPresent(token -> tokens.drop(request.by(current.by()), token));
            if (!own) {
                return Authenticator.this.token(request, Authorization.NONE);
            }
            wanted.put(repository, request);
            return bearer(request, repository);
        }

        private Optional<Authorization> replacement(Credentials refused, int status) {
            TokenRequest request = wanted.getIfPresent(repository);
            Optional<URI> realm = Optional.ofNullable(request).map(TokenRequest::realm);
            Authorization next = identities.instead(refused, realm, repository, "it answered " + status);
            if (request != null) {
                // The token will be a new one: a challenge after it asks for nothing else.
                answersLeft = 0;
                try {
                    return Optional.of(Authenticator.this.token(request, next));
                } catch (RegistryException e) {
                    LOG.debug("{}: {}", home, e.getMessage());
                    return Optional.empty();
                }
            }
            Optional<Authorization> basic =
                    next.by().flatMap(Credentials::basic).map(next::with);
            return basic.isPresent() || beganBare ? basic : Optional.of(next);
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
            destinations.check(realm);
            return realm;
        } catch (IllegalArgumentException e) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_BAD_ANSWER,
                    home + " names a token service that can't be used: " + e.getMessage(),
                    e);
        }
    }

    private Authorization basic(String repository) {
        Authorization who = identities.first(Optional.empty(), repository);
        return who.by().flatMap(Credentials::basic).map(who::with).orElse(who);
    }

    private Authorization bearer(TokenRequest request, String repository) {
        Authorization who = identities.first(Optional.of(request.realm()), repository);
        try {
            return who.by().isPresent() ? token(request, who, repository) : token(request, who);
        } catch (RegistryException e) {
            if (e.code() != ErrorCode.TOO_MANY_REQUESTS) {
                // The registry may want another one by now, from elsewhere: let it say so next time.
                wanted.asMap().remove(repository, request);
            }
            throw e;
        }
    }

    /** A token for that person, else for who takes its place. */
    private Authorization token(TokenRequest request, Authorization who, String repository) {
        try {
            return token(request, who);
        } catch (RegistryException e) {
            if (e.code() != ErrorCode.DENIED) {
                throw e;
            }
            Authorization other = identities.instead(
                    who.by().orElseThrow(), Optional.of(request.realm()), repository, e.getMessage());
            try {
                return token(request, other);
            } catch (RegistryException alsoDenied) {
                throw alsoDenied.code() == ErrorCode.DENIED ? e : alsoDenied;
            }
        }
    }

    private Authorization token(TokenRequest request, Authorization who) {
        Optional<BearerTokens.Given> own = who.by()
                .filter(Credentials.RegistryToken.class::isInstance)
                .map(known -> new BearerTokens.Given(((Credentials.RegistryToken) known).token(), false));
        return who.with(own.orElseGet(() -> tokens.get(request.by(who.by()))));
    }
}
