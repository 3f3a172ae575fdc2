package io.ociregistry.faults;

import io.ociregistry.upstream.HostResolver;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The DNS of the matrix: every name is on loopback, unless it is lost. */
final class Names implements HostResolver {
    private final Set<String> lost = ConcurrentHashMap.newKeySet();

    void lose(String host) {
        lost.add(host);
    }

    void heal(String host) {
        lost.remove(host);
    }

    @Override
    public List<InetAddress> resolve(String host) throws UnknownHostException {
        if (lost.contains(host)) {
            throw new UnknownHostException(host);
        }
        return List.of(InetAddress.getLoopbackAddress());
    }
}
