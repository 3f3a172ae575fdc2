package io.ociregistry.faults;

import io.ociregistry.upstream.address.HostResolver;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/** The DNS of the matrix: every name resolves to loopback, unless the name is lost or the name server is silent. */
final class Names implements HostResolver {
    private final Set<String> lost = ConcurrentHashMap.newKeySet();
    private final Map<String, CountDownLatch> silent = new ConcurrentHashMap<>();
    private final Map<String, Integer> asked = new ConcurrentHashMap<>();

    void lose(String host) {
        lost.add(host);
    }

    /** Blocks the resolution of a host until {@link #heal}. */
    void silence(String host) {
        silent.put(host, new CountDownLatch(1));
    }

    void heal(String host) {
        lost.remove(host);
        CountDownLatch waiting = silent.remove(host);
        if (waiting != null) {
            waiting.countDown();
        }
    }

    /** Returns the number of lookups of a host. */
    int asked(String host) {
        return asked.getOrDefault(host, 0);
    }

    @Override
    public List<InetAddress> resolve(String host) throws UnknownHostException {
        asked.merge(host, 1, Integer::sum);
        CountDownLatch answer = silent.get(host);
        if (answer != null) {
            await(answer, host);
        }
        if (lost.contains(host)) {
            throw new UnknownHostException(host);
        }
        return List.of(InetAddress.getLoopbackAddress());
    }

    private static void await(CountDownLatch answer, String host) throws UnknownHostException {
        try {
            answer.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnknownHostException(host);
        }
    }
}
