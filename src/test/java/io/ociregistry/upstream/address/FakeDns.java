package io.ociregistry.upstream.address;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The DNS of a test: names resolve to loopback unless configured, and {@code .invalid} names do not resolve. Never
 * sends a query.
 */
public final class FakeDns implements HostResolver {
    private final Map<String, List<InetAddress>> names = new ConcurrentHashMap<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();

    /** Sets the addresses of a name. */
    public FakeDns with(String name, String... addresses) throws UnknownHostException {
        List<InetAddress> found = new ArrayList<>();
        for (String address : addresses) {
            found.add(InetAddress.getByName(address));
        }
        names.put(name, List.copyOf(found));
        return this;
    }

    /** Returns the resolved names, in order. */
    public List<String> lookups() {
        return List.copyOf(asked);
    }

    @Override
    public List<InetAddress> resolve(String host) throws UnknownHostException {
        asked.add(host);
        List<InetAddress> configured = names.get(host);
        if (configured != null) {
            return configured;
        }
        if (host.endsWith(".invalid")) {
            throw new UnknownHostException(host);
        }
        boolean literal = host.indexOf(':') >= 0 || host.matches("[0-9.]+");
        return List.of(InetAddress.getByName(literal ? host : "127.0.0.1"));
    }
}
