package io.ociregistry.upstream.address;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.config.address.IpLiteral;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.hc.client5.http.DnsResolver;
import org.jspecify.annotations.Nullable;

/**
 * Decides which addresses the requests for one registry may reach, its token service and redirect targets included.
 *
 * <p>The HTTP client resolves every host through this resolver for each new connection, literal addresses included, and
 * connects only to the returned addresses. So nothing can change between the check and the use. An unlisted registry
 * may be reached only at public addresses. The host of a configured registry is allowed at every address. The other
 * hosts that it names may be as near as the registry itself ({@link AddressScope}), but never at special addresses. An
 * ambiguous form of an IPv4 address ({@link IpLiteral}) is refused.
 *
 * <p>A proxy resolves the names of its targets itself. All addresses that this server finds for such a target must be
 * allowed, because the proxy may use any of them. If this server finds none, which is usual behind proxies, only
 * targets that configured registries name are allowed (ADR 15).
 *
 * <p>Thread-safe.
 */
public final class AddressGuard implements DnsResolver {
    private static final int MAX_HOSTS = 1024;
    /** Behind a proxy each lookup may take several seconds, if this server cannot reach its name servers. */
    private static final Duration PROXIED_TTL = Duration.ofMinutes(1);

    private final HostResolver resolver;
    private final Optional<Origin> registry;
    private final Cache<String, Boolean> allowedBehindProxy = Caffeine.newBuilder()
            .maximumSize(MAX_HOSTS)
            .expireAfterWrite(PROXIED_TTL)
            .build();
    private volatile @Nullable AddressScope registryScope;

    private AddressGuard(HostResolver resolver, Optional<Origin> registry) {
        this.resolver = resolver;
        this.registry = registry;
    }

    /** Returns the guard for unlisted registries. */
    public static AddressGuard publicOnly(HostResolver resolver) {
        return new AddressGuard(resolver, Optional.empty());
    }

    /** Returns the guard for a configured registry at this origin. */
    public static AddressGuard forRegistry(Origin registry, HostResolver resolver) {
        return new AddressGuard(resolver, Optional.of(registry));
    }

    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
        if (isRegistry(host)) {
            List<InetAddress> found = resolver.resolve(host);
            registryScope = widestScope(found);
            return found.toArray(InetAddress[]::new);
        }
        List<InetAddress> found = resolveUnambiguous(host);
        InetAddress[] allowed = found.stream().filter(this::isAllowed).toArray(InetAddress[]::new);
        if (allowed.length == 0 && !found.isEmpty()) {
            throw refused(host, found.get(0));
        }
        return allowed;
    }

    @Override
    public String resolveCanonicalHostname(String host) {
        return host;
    }

    /** Returns all addresses of a host that the operator configured, without a check. */
    public InetAddress[] resolveUnchecked(String host) throws UnknownHostException {
        return resolver.resolve(host).toArray(InetAddress[]::new);
    }

    /**
     * Checks that a proxy may connect to this target.
     *
     * @throws Refused if an address of the target is not allowed, or if its name cannot be resolved and the registry is
     *     unlisted
     */
    public void checkProxied(Origin target) throws UnknownHostException {
        String host = target.host();
        if (isRegistry(host) || allowedBehindProxy.getIfPresent(host) != null) {
            return;
        }
        for (InetAddress address : resolveBehindProxy(host)) {
            if (!isAllowed(address)) {
                throw refused(host, address);
            }
        }
        allowedBehindProxy.put(host, true);
    }

    /**
     * Checks that this target, a proxy of this server, is the configured registry itself.
     *
     * @throws Refused if it is not
     */
    public void checkIsRegistry(Origin target) throws Refused {
        if (registry.filter(target::equals).isEmpty()) {
            throw new Refused(target + " is a proxy of this server, and no registry may redirect requests there");
        }
    }

    private List<InetAddress> resolveBehindProxy(String host) throws UnknownHostException {
        try {
            return resolveUnambiguous(host);
        } catch (Refused e) {
            throw e;
        } catch (UnknownHostException e) {
            if (registry.isPresent()) {
                return List.of();
            }
            throw new Refused(
                    host + " cannot be resolved by this server, so the address that the proxy would use is unknown: if"
                            + " this registry is intended, add it under registries in the configuration");
        }
    }

    private List<InetAddress> resolveUnambiguous(String host) throws UnknownHostException {
        if (IpLiteral.isAmbiguous(host)) {
            throw new Refused(
                    host + " ends in a number but is not an IPv4 address of four decimal numbers, and is refused");
        }
        return resolver.resolve(host);
    }

    private boolean isRegistry(String host) {
        return registry.filter(origin -> origin.hasHost(host)).isPresent();
    }

    private boolean isAllowed(InetAddress address) {
        AddressScope scope = AddressScope.of(address);
        return scope == AddressScope.PUBLIC || (scope != AddressScope.SPECIAL && scope.compareTo(registryScope()) <= 0);
    }

    /** Returns the scope of the registry, which is not resolved yet if a proxy leads to it. */
    private AddressScope registryScope() {
        AddressScope known = registryScope;
        if (known != null || registry.isEmpty()) {
            return known == null ? AddressScope.PUBLIC : known;
        }
        try {
            AddressScope scope = widestScope(resolver.resolve(registry.get().host()));
            registryScope = scope;
            return scope;
        } catch (UnknownHostException e) {
            return AddressScope.PUBLIC;
        }
    }

    private Refused refused(String host, InetAddress address) {
        return new Refused(host + " is at " + AddressScope.of(address) + ", "
                + registry.map(origin -> "and " + origin + " may not send requests there")
                        .orElse("and only a configured registry may be there: if this registry is intended,"
                                + " add it under registries in the configuration"));
    }

    /** Returns the widest scope of the addresses: one public address makes the whole registry public. */
    private static AddressScope widestScope(List<InetAddress> addresses) {
        return addresses.stream()
                .map(AddressScope::of)
                .min(AddressScope::compareTo)
                .orElse(AddressScope.PUBLIC);
    }

    /** Reports that no request was sent to a host, because of its address. */
    public static final class Refused extends UnknownHostException {
        private static final long serialVersionUID = 1L;

        Refused(String reason) {
            super(reason);
        }
    }
}
