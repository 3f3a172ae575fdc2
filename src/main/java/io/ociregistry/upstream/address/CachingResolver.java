package io.ociregistry.upstream.address;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.common.Daemons;
import io.ociregistry.common.SingleFlight;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Resolves names within a time limit and falls back to the last known addresses, however old, if the lookup fails.
 *
 * <p>Concurrent lookups of one host share one query. No caller waits for a lookup that has already exceeded the limit.
 * The operating system may take minutes for a lookup, so at most 32 threads of this class run the lookups. At most
 * 1,024 hosts are remembered.
 *
 * <p>A host at an outdated address has to prove its identity as always, by TLS. Thread-safe; {@link #close} stops the
 * threads.
 */
public final class CachingResolver implements HostResolver, AutoCloseable {
    public static final Duration LOOKUP_TIMEOUT = Duration.ofSeconds(3);

    private static final Logger LOG = LoggerFactory.getLogger(CachingResolver.class);
    private static final int MAX_HOSTS = 1024;
    private static final int MAX_THREADS = 32;

    private final HostResolver resolver;
    private final Duration limit;
    private final Cache<String, List<InetAddress>> lastGood =
            Caffeine.newBuilder().maximumSize(MAX_HOSTS).build();
    private final SingleFlight<String, List<InetAddress>> inFlight = new SingleFlight<>();
    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            0, MAX_THREADS, 30, TimeUnit.SECONDS, new SynchronousQueue<>(), Daemons.withName("dns"));

    public CachingResolver(HostResolver resolver, Duration limit) {
        this.resolver = resolver;
        this.limit = limit;
    }

    @Override
    public List<InetAddress> resolve(String host) throws UnknownHostException {
        try {
            // Requests for cached tags wait too: the wait is shorter if a known address can be used instead.
            Duration timeout = lastGood.getIfPresent(host) == null ? limit : limit.dividedBy(3);
            return inFlight.await(host, threads, () -> lookUp(host), timeout);
        } catch (RegistryException e) {
            boolean isFull = e.code() == ErrorCode.OVERLOADED;
            return lastGood(host, isFull ? host + ": too many lookups are running" : String.valueOf(e.getMessage()));
        } catch (TimeoutException e) {
            return lastGood(host, host + ": no name server answered in time");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnknownHostException(host + ": this server is stopping");
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }

    private List<InetAddress> lookUp(String host) {
        try {
            List<InetAddress> found = resolver.resolve(host);
            lastGood.put(host, found);
            return found;
        } catch (UnknownHostException e) {
            throw new RegistryException(ErrorCode.UPSTREAM_UNREACHABLE, String.valueOf(e.getMessage()), e);
        }
    }

    private List<InetAddress> lastGood(String host, String reason) throws UnknownHostException {
        List<InetAddress> known = lastGood.getIfPresent(host);
        if (known == null) {
            throw new UnknownHostException(reason);
        }
        LOG.warn("using the last known addresses of {}: {}", host, reason);
        return known;
    }
}
