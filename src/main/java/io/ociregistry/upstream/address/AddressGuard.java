package io.ociregistry.upstream.address;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.hc.client5.http.DnsResolver;
import org.jspecify.annotations.Nullable;

/**
 * Decides to which addresses the requests to one registry may go, the ones to its token service and its redirect targets included.
 *
 * <p>It is the name resolution of the HTTP client, which asks it for every new connection, for addresses as well as for names, and connects
 * to what it returns and nothing else: there is no moment between the check and the use. A registry that is not configured is at home
 * nowhere, so only public addresses are allowed. The host of a configured one is allowed wherever it is; others it sends us to may be as
 * near to us as it is itself ({@link AddressScope}), but never at special addresses. An address in disguise ({@link IpLiteral}) is refused.
 *
 * <p>Where a proxy leads to a target, the proxy looks it up. Then all its addresses that can be found here must be allowed, since the proxy
 * may take any; where none can, which is usual behind proxies, only what configured registries name is let through.
 */
public final class AddressGuard implements DnsResolver {
    private static final int HOSTS = 1024;
    /** Behind a proxy every look may cost the seconds that name servers need which can't be reached. */
    private static final Duration REMEMBERED = Duration.ofMinutes(1);

    private final HostResolver resolver;
    private final Optional<Origin> home;
    private final Cache<String, Boolean> behindProxy = Caffeine.newBuilder()
            .maximumSize(HOSTS)
            .expireAfterWrite(REMEMBERED)
            .build();
    private volatile @Nullable AddressScope reach;

    private AddressGuard(HostResolver resolver, Optional<Origin> home) {
        this.resolver = resolver;
        this.home = home;
    }

    /** For registries that nobody configured. */
    public static AddressGuard publicOnly(HostResolver resolver) {
        return new AddressGuard(resolver, Optional.empty());
    }

    /** For a configured registry there. */
    public static AddressGuard around(Origin home, HostResolver resolver) {
        return new AddressGuard(resolver, Optional.of(home));
    }

    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
        if (isHome(host)) {
            List<InetAddress> found = resolver.resolve(host);
            reach = nearestToAll(found);
            return found.toArray(InetAddress[]::new);
        }
        List<InetAddress> found = found(host);
        InetAddress[] allowed = found.stream().filter(this::mayGoTo).toArray(InetAddress[]::new);
        if (allowed.length == 0 && !found.isEmpty()) {
            throw refused(host, found.get(0));
        }
        return allowed;
    }

    @Override
    public String resolveCanonicalHostname(String host) {
        return host;
    }

    /** The addresses of a host that the operator named, which nobody guards. */
    public InetAddress[] unguarded(String host) throws UnknownHostException {
        return resolver.resolve(host).toArray(InetAddress[]::new);
    }

    /**
     * Does nothing if a proxy may lead there.
     *
     * @throws Refused otherwise
     */
    public void checkProxied(Origin target) throws UnknownHostException {
        String host = target.host();
        if (isHome(host) || behindProxy.getIfPresent(host) != null) {
            return;
        }
        for (InetAddress address : foundBehindProxy(host)) {
            if (!mayGoTo(address)) {
                throw refused(host, address);
            }
        }
        behindProxy.put(host, true);
    }

    /**
     * Does nothing for the registry itself; for what the operator named for another purpose.
     *
     * @throws Refused otherwise
     */
    public void checkHome(Origin target) throws Refused {
        if (home.filter(target::equals).isEmpty()) {
            throw new Refused(target + " is a proxy of this server, and no registry may send us there");
        }
    }

    private List<InetAddress> foundBehindProxy(String host) throws UnknownHostException {
        try {
            return found(host);
        } catch (Refused e) {
            throw e;
        } catch (UnknownHostException e) {
            if (home.isPresent()) {
                return List.of();
            }
            throw new Refused(
                    host + " can't be resolved here, so that nobody knows where the proxy would go: if this registry is"
                            + " meant, add it under registries in the configuration");
        }
    }

    private List<InetAddress> found(String host) throws UnknownHostException {
        if (IpLiteral.isDisguised(host)) {
            throw new Refused(host + " is an address in a form that not everybody reads alike, and is not gone to");
        }
        return resolver.resolve(host);
    }

    private boolean isHome(String host) {
        return home.filter(origin -> origin.isAt(host)).isPresent();
    }

    private boolean mayGoTo(InetAddress address) {
        AddressScope scope = AddressScope.of(address);
        return scope == AddressScope.PUBLIC || (scope != AddressScope.SPECIAL && scope.compareTo(reach()) <= 0);
    }

    /** How near the registry is. Where a proxy leads to it, nobody looked that up before. */
    private AddressScope reach() {
        AddressScope known = reach;
        if (known != null || home.isEmpty()) {
            return known == null ? AddressScope.PUBLIC : known;
        }
        try {
            AddressScope found = nearestToAll(resolver.resolve(home.get().host()));
            reach = found;
            return found;
        } catch (UnknownHostException e) {
            return AddressScope.PUBLIC;
        }
    }

    private Refused refused(String host, InetAddress address) {
        return new Refused(host + " is at " + AddressScope.of(address) + ", "
                + home.map(registry -> "where " + registry + " may not send us")
                        .orElse("and only a registry that is configured may be there: if this one is meant,"
                                + " add it under registries in the configuration"));
    }

    /** One public address makes the whole registry a public one. */
    private static AddressScope nearestToAll(List<InetAddress> addresses) {
        return addresses.stream()
                .map(AddressScope::of)
                .min(AddressScope::compareTo)
                .orElse(AddressScope.PUBLIC);
    }

    /** Nothing was sent to that host, because of where it is. */
    public static final class Refused extends UnknownHostException {
        private static final long serialVersionUID = 1L;

        Refused(String why) {
            super(why);
        }
    }
}
