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
    private final Map<String, Lookup> inFlight = new ConcurrentHashMap<>();
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
            return lookup(host).await(timeout);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            return lastGood(host, cause == null ? host : String.valueOf(cause.getMessage()));
        } catch (TimeoutException e) {
            return lastGood(host, host + ": no name server answered in time");
        } catch (RejectedExecutionException e) {
            return lastGood(host, host + ": too many lookups are running");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnknownHostException(host + ": this server is stopping");
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }

    /** Returns the lookup in flight, or starts a new one. */
    private Lookup lookup(String host) {
        Lookup started = new Lookup(new CompletableFuture<>(), System.nanoTime());
        Lookup running = inFlight.putIfAbsent(host, started);
        if (running != null) {
            return running;
        }
        try {
            threads.execute(() -> lookup(host, started));
        } catch (RejectedExecutionException e) {
            inFlight.remove(host, started);
            throw e;
        }
        return started;
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

    private List<InetAddress> lastGood(String host, String reason) throws UnknownHostException {
        List<InetAddress> known = lastGood.getIfPresent(host);
        if (known == null) {
            throw new UnknownHostException(reason);
        }
        LOG.warn("using the last known addresses of {}: {}", host, reason);
        return known;
    }

    private record Lookup(CompletableFuture<List<InetAddress>> outcome, long startNanos) {
        /** Waits for the outcome until this time after the start of the lookup. */
        List<InetAddress> await(Duration timeout) throws InterruptedException, ExecutionException, TimeoutException {
            long remaining = startNanos + timeout.toNanos() - System.nanoTime();
            return outcome.get(Math.max(0, remaining), TimeUnit.NANOSECONDS);
        }
    }
}
