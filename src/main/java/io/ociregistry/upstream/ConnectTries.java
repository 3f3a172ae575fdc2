package io.ociregistry.upstream;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hc.client5.http.DnsResolver;

/**
 * Reaching a host takes two tries, however many addresses it has, so that one budget holds for all of them (DECISIONS 21): a big registry has
 * a dozen, and the client would wait for each.
 *
 * <p>The second try is at an address of the other family where there is one, else at the next one, else at the same: a lost packet costs no
 * more there than it would in one long try. The next connection begins with the next address.
 */
final class ConnectTries implements DnsResolver {
    static final int COUNT = 2;

    private final DnsResolver resolver;
    private final AtomicInteger turn = new AtomicInteger();

    ConnectTries(DnsResolver resolver) {
        this.resolver = resolver;
    }

    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
        return tries(List.of(resolver.resolve(host)));
    }

    @Override
    public List<InetSocketAddress> resolve(String host, int port) throws UnknownHostException {
        List<InetAddress> found = resolver.resolve(host, port).stream()
                .map(InetSocketAddress::getAddress)
                .toList();
        if (found.isEmpty()) {
            throw new UnknownHostException(host);
        }
        return Arrays.stream(tries(found))
                .map(address -> new InetSocketAddress(address, port))
                .toList();
    }

    @Override
    public String resolveCanonicalHostname(String host) throws UnknownHostException {
        return resolver.resolveCanonicalHostname(host);
    }

    private InetAddress[] tries(List<InetAddress> found) {
        if (found.isEmpty()) {
            return new InetAddress[0];
        }
        int number = turn.getAndIncrement() & Integer.MAX_VALUE;
        Class<?> family = found.get(0).getClass();
        List<InetAddress> best = found.stream().filter(family::isInstance).toList();
        List<InetAddress> others =
                found.stream().filter(address -> !family.isInstance(address)).toList();
        InetAddress first = best.get(number % best.size());
        InetAddress second =
                others.isEmpty() ? best.get((number + 1) % best.size()) : others.get(number % others.size());
        return new InetAddress[] {first, second};
    }
}
