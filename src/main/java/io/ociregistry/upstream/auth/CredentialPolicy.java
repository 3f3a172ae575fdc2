package io.ociregistry.upstream.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.address.SourceAddress;
import io.ociregistry.upstream.credentials.CredentialSource;
import io.ociregistry.upstream.credentials.Credentials;
import io.ociregistry.upstream.health.RequestOutcomes;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses the credentials for requests to one registry: the configured ones, or none.
 *
 * <p>Credentials go to the registry itself, to token services of its own site, and to configured token services, and
 * nowhere else. After a refusal, new credentials of the source are used; if there are none, the request is anonymous,
 * because expired credentials must not make public images unavailable (ADR 12). A refusal is remembered for five
 * seconds for its repository. Thread-safe.
 */
public final class CredentialPolicy {
    private static final Logger LOG = LoggerFactory.getLogger(CredentialPolicy.class);
    private static final int MAX_REFUSALS = 1024;
    private static final Duration REFUSAL_TTL = Duration.ofSeconds(5);

    private record Refusal(Credentials credentials, String repository) {}

    private final SourceAddress registry;
    private final CredentialSource source;
    private final List<URI> realms;
    private final RequestOutcomes outcomes;
    private final Cache<Refusal, Boolean> refusals = Caffeine.newBuilder()
            .maximumSize(MAX_REFUSALS)
            .expireAfterWrite(REFUSAL_TTL)
            .build();
    /** The last token service of another site, which is logged once. */
    private volatile @Nullable URI loggedRealm;

    /**
     * Chooses among the credentials of a source.
     *
     * @param realms token services of other sites that may get the credentials; a URL without a path stands for its
     *     whole origin
     */
    public CredentialPolicy(
            SourceAddress registry, CredentialSource source, List<URI> realms, RequestOutcomes outcomes) {
        this.registry = registry;
        this.realms = List.copyOf(realms);
        this.source = source;
        this.outcomes = outcomes;
    }

    /**
     * Returns the authorization to try first for a repository, without a header.
     *
     * @param realm the token service of the request; empty if the request goes to the registry itself
     */
    Authorization initial(Optional<URI> realm, String repository) {
        Optional<Credentials> known = known(realm);
        if (known.isEmpty()) {
            return Authorization.ANONYMOUS;
        }
        boolean refused = refusals.getIfPresent(new Refusal(known.get(), repository)) != null;
        return refused ? Authorization.ANONYMOUS_FALLBACK : Authorization.of(known.get());
    }

    /** Returns the authorization to try after credentials were refused, without a header. */
    Authorization replacement(Credentials refused, Optional<URI> realm, String repository, String reason) {
        source.invalidate(refused);
        Optional<Credentials> now = known(realm).filter(credentials -> !credentials.equals(refused));
        if (now.isPresent()) {
            return Authorization.of(now.get());
        }
        String problem = registry + " refused the configured credentials for " + repository
                + ", which are wrong or have expired: " + reason;
        outcomes.recordRefusedCredentials(problem);
        if (refusals.asMap().putIfAbsent(new Refusal(refused, repository), true) == null) {
            LOG.warn("{}; continuing without credentials", problem);
        }
        return Authorization.ANONYMOUS_FALLBACK;
    }

    private Optional<Credentials> known(Optional<URI> realm) {
        return source.get().filter(credentials -> realm.filter(uri -> !mayReceive(credentials, uri))
                .isEmpty());
    }

    private boolean mayReceive(Credentials credentials, URI realm) {
        if (credentials instanceof Credentials.RegistryToken || isOfRegistry(Origin.of(realm)) || isConfigured(realm)) {
            return true;
        }
        if (!realm.equals(loggedRealm)) {
            loggedRealm = realm;
            LOG.warn(
                    "{} names the token service {}, which belongs to another site, or is another host without TLS:"
                            + " requesting tokens there without credentials; to send credentials, add its URL as"
                            + " auth.realm",
                    registry,
                    Origin.of(realm));
        }
        return false;
    }

    /**
     * Returns whether a token service belongs to the registry. By plain HTTP, only the host of a plain HTTP registry
     * does.
     */
    private boolean isOfRegistry(Origin service) {
        return service.isHttps()
                ? service.isSameSite(registry.origin())
                : !registry.origin().isHttps() && service.isSameHost(registry.origin());
    }

    private boolean isConfigured(URI realm) {
        return realms.stream()
                .anyMatch(known -> Origin.of(known).equals(Origin.of(realm))
                        && (known.getRawPath().isEmpty() || known.getRawPath().equals(realm.getRawPath())));
    }
}
