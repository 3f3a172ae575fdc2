package io.ociregistry.upstream.address;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.common.Daemons;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Name resolution that outlives its name servers (DECISIONS 21): it takes no longer than its limit, asks once however many want the same host,
 * and where there is no answer gives the last good one, however old. Whoever is at an old address has to prove who it is, as always. Nobody waits
 * for a lookup that is overdue already.
 *
 * <p>The operating system may think about a name for minutes, so it is asked by threads of this class's own, 32 at most. At most 1,024 hosts
 * are remembered.
 */
public final class CachingResolver implements HostResolver, AutoCloseable {
    public static final Duration LIMIT = Duration.ofSeconds(3);

    private static final Logger LOG = LoggerFactory.getLogger(CachingResolver.class);
    private static final int HOSTS = 1024;
    private static final int THREADS = 32;

    private final HostResolver resolver;
    private final Duration limit;
    private final Cache<String, List<InetAddress>> lastGood =
            Caffeine.newBuilder().maximumSize(HOSTS).build();
    private final Map<String, Lookup> inFlight = new ConcurrentHashMap<>();
    private final ThreadPoolExecutor threads =
            new ThreadPoolExecutor(0, THREADS, 30, TimeUnit.SECONDS, new SynchronousQueue<>(), Daemons.named("dns"));

    public CachingResolver(HostResolver resolver, Duration limit) {
        this.resolver = resolver;
        this.limit = limit;
    }

    @Override
    public List<InetAddress> resolve(String host) throws UnknownHostException {
        try {
            // Cached tags wait too, and not for long: where an address is at hand there is less to wait for.
            Duration patience = lastGood.getIfPresent(host) == null ? limit : limit.dividedBy(3);
            return lookup(host).within(patience);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            return lastGood(host, cause == null ? host : String.valueOf(cause.getMessage()));
        } catch (TimeoutException e) {
            return lastGood(host, host + ": no name server answers in time");
        } catch (RejectedExecutionException e) {
            return lastGood(host, host + ": too many names are being looked up");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnknownHostException(host + ": this server is stopping");
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }

    /** The lookup under way, or a new one. */
    private Lookup lookup(String host) {
        Lookup mine = new Lookup(new CompletableFuture<>(), System.nanoTime());
        Lookup first = inFlight.putIfAbsent(host, mine);
        if (first != null) {
            return first;
        }
        try {
            threads.execute(() -> lookup(host, mine));
        } catch (RejectedExecutionException e) {
            inFlight.remove(host, mine);
            throw e;
        }
        return mine;
    }

    private void lookup(String host, Lookup lookup) {
        try {
            List<InetAddress> found = resolver.resolve(host);
            lastGood.put(host, found);
            inFlight.remove(host, lookup);
            lookup.outcome.complete(found);
        } catch (UnknownHostException | RuntimeException e) {
            inFlight.remove(host, lookup);
            lookup.outcome.completeExceptionally(e);
        }
    }

    private List<InetAddress> lastGood(String host, String why) throws UnknownHostException {
        List<InetAddress> known = lastGood.getIfPresent(host);
        if (known == null) {
            throw new UnknownHostException(why);
        }
        LOG.warn("using the last known addresses of {}: {}", host, why);
        return known;
    }

    private record Lookup(CompletableFuture<List<InetAddress>> outcome, long began) {
        /** Its outcome, if there is one so soon after its begin. */
        List<InetAddress> within(Duration patience) throws InterruptedException, ExecutionException, TimeoutException {
            long left = began + patience.toNanos() - System.nanoTime();
            return outcome.get(Math.max(0, left), TimeUnit.NANOSECONDS);
        }
    }
}
