package io.ociregistry.upstream;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import org.apache.hc.client5.http.DnsResolver;

/**
 * Decides to which addresses the requests to one registry may go, the ones to its token service and its redirect targets included.
 *
 * <p>It is the name resolution of the HTTP client, which asks it for every new connection, for addresses as well as for names, and connects
 * to what it returns and nothing else: there is no moment between the check and the use. A registry that is not configured is at home
 * nowhere, so only public addresses are allowed. The host of a configured one is allowed wherever it is; others it sends us to may be as
 * near to us as it is itself ({@link AddressScope}), but never at special addresses.
 */
final class AddressGuard implements DnsResolver {
    private final HostResolver resolver;
    private final Optional<Origin> home;
    private volatile AddressScope reach = AddressScope.PUBLIC;

    private AddressGuard(HostResolver resolver, Optional<Origin> home) {
        this.resolver = resolver;
        this.home = home;
    }

    /** For registries that nobody configured. */
    static AddressGuard publicOnly(HostResolver resolver) {
        return new AddressGuard(resolver, Optional.empty());
    }

    /** For a configured registry there. */
    static AddressGuard around(Origin home, HostResolver resolver) {
        return new AddressGuard(resolver, Optional.of(home));
    }

    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
        List<InetAddress> found = resolver.resolve(host);
        if (home.filter(origin -> origin.isAt(host)).isPresent()) {
            reach = nearestToAll(found);
            return found.toArray(InetAddress[]::new);
        }
        InetAddress[] allowed = found.stream().filter(this::mayGoTo).toArray(InetAddress[]::new);
        if (allowed.length == 0 && !found.isEmpty()) {
            throw new Refused(host, AddressScope.of(found.get(0)), home);
        }
        return allowed;
    }

    @Override
    public String resolveCanonicalHostname(String host) {
        return host;
    }

    private boolean mayGoTo(InetAddress address) {
        AddressScope scope = AddressScope.of(address);
        return scope != AddressScope.SPECIAL && scope.compareTo(reach) <= 0;
    }

    /** One public address makes the whole registry a public one. */
    private static AddressScope nearestToAll(List<InetAddress> addresses) {
        return addresses.stream()
                .map(AddressScope::of)
                .min(AddressScope::compareTo)
                .orElse(AddressScope.PUBLIC);
    }

    /** Nothing was sent to that host, because of where it is. */
    static final class Refused extends UnknownHostException {
        private static final long serialVersionUID = 1L;

        Refused(String host, AddressScope scope, Optional<Origin> home) {
            super(host + " is at " + scope + ", "
                    + home.map(registry -> "where " + registry + " may not send us")
                            .orElse("and only a registry that is configured may be there: if this one is meant,"
                                    + " add it under registries in the configuration"));
        }
    }
}
