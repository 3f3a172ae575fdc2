package io.ociregistry.upstream.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.credentials.CredentialSource;
import io.ociregistry.upstream.credentials.Credentials;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who asks one registry: the configured credentials, or nobody.
 *
 * <p>Credentials go to the registry itself, to a token service of its own site or one that is configured, and never anywhere else. Where they are refused, what has
 * replaced them in the meantime is tried, else nobody: expired credentials would keep public images away. That they were refused for a
 * repository is remembered for five seconds.
 */
public final class CredentialPolicy {
    private static final Logger LOG = LoggerFactory.getLogger(CredentialPolicy.class);
    private static final int REPOSITORIES = 1024;
    private static final Duration REFUSED = Duration.ofSeconds(5);

    private record Refusal(Credentials credentials, String repository) {}

    private final Origin home;
    private final CredentialSource source;
    private final List<URI> realms;
    private final Cache<Refusal, Boolean> refusals = Caffeine.newBuilder()
            .maximumSize(REPOSITORIES)
            .expireAfterWrite(REFUSED)
            .build();
    /** The last token service of another site, so that it is told of once. */
    private volatile @Nullable URI foreign;

    /**
     * Those of one registry.
     *
     * @param realms token services of other sites that may be told; one without a path is all of its origin
     */
    public CredentialPolicy(Origin home, CredentialSource source, List<URI> realms) {
        this.home = home;
        this.realms = List.copyOf(realms);
        this.source = source;
    }

    /**
     * Who asks for something of a repository.
     *
     * @param realm the token service that is asked; empty if the registry itself is
     */
    Authorization first(Optional<URI> realm, String repository) {
        Optional<Credentials> known = known(realm);
        if (known.isEmpty()) {
            return Authorization.NONE;
        }
        boolean refused = refusals.getIfPresent(new Refusal(known.get(), repository)) != null;
        return refused ? Authorization.INSTEAD : Authorization.of(known.get());
    }

    /** Who asks after some credentials were refused. */
    Authorization instead(Credentials refused, Optional<URI> realm, String repository, String why) {
        source.refused(refused);
        Optional<Credentials> now = known(realm).filter(credentials -> !credentials.equals(refused));
        if (now.isPresent()) {
            return Authorization.of(now.get());
        }
        if (refusals.asMap().putIfAbsent(new Refusal(refused, repository), true) == null) {
            LOG.warn(
                    "{} does not take the configured credentials for {}, they are wrong or have expired: {}; going on without them",
                    home,
                    repository,
                    why);
        }
        return Authorization.INSTEAD;
    }

    private Optional<Credentials> known(Optional<URI> realm) {
        return source.get().filter(credentials -> realm.filter(uri -> !mayGo(credentials, uri))
                .isEmpty());
    }

    private boolean mayGo(Credentials credentials, URI realm) {
        if (credentials instanceof Credentials.RegistryToken || isOwn(Origin.of(realm)) || isConfigured(realm)) {
            return true;
        }
        if (!realm.equals(foreign)) {
            foreign = realm;
            LOG.warn(
                    "{} names the token service {}, which is not of its site, or another host without TLS: asking it without credentials; if it is meant, add its URL as auth.realm",
                    home,
                    Origin.of(realm));
        }
        return false;
    }

    /** What goes to a registry by plain HTTP anyway may go to that host; another one has to prove who it is. */
    private boolean isOwn(Origin service) {
        return service.isHttps() ? service.isSameSite(home) : !home.isHttps() && service.isSameHost(home);
    }

    private boolean isConfigured(URI realm) {
        return realms.stream()
                .anyMatch(known -> Origin.of(known).equals(Origin.of(realm))
                        && (known.getRawPath().isEmpty() || known.getRawPath().equals(realm.getRawPath())));
    }
}
