package io.ociregistry.upstream.address;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class CachingResolverTest {
    private static final List<InetAddress> ADDRESSES = List.of(InetAddress.getLoopbackAddress());

    private final AtomicInteger lookups = new AtomicInteger();
    private final CountDownLatch never = new CountDownLatch(1);
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private volatile HostResolver names = host -> ADDRESSES;
    private CachingResolver resolver = resolver(Duration.ofSeconds(20));

    @AfterEach
    void stop() {
        never.countDown();
        executor.shutdownNow();
        resolver.close();
    }

    @Test
    void failedLookupReturnsTheLastKnownAddresses() throws Exception {
        assertEquals(ADDRESSES, resolver.resolve("r.example"));
        names = host -> {
            throw new UnknownHostException(host + ": Temporary failure in name resolution");
        };
        assertEquals(ADDRESSES, resolver.resolve("r.example"));
        UnknownHostException unknown =
                assertThrows(UnknownHostException.class, () -> resolver.resolve("other.example"));
        assertEquals("other.example: Temporary failure in name resolution", unknown.getMessage());
        names = host -> List.of();
        assertEquals(List.of(), resolver.resolve("r.example"), "a new answer replaces the known addresses");
    }

    @Test
    void silentNameServerCostsAtMostTheLimit() throws Exception {
        resolver = resolver(Duration.ofMillis(50));
        assertEquals(ADDRESSES, resolver.resolve("r.example"));
        names = this::silent;
        assertEquals(ADDRESSES, resolver.resolve("r.example"));
        UnknownHostException late = assertThrows(UnknownHostException.class, () -> resolver.resolve("other.example"));
        assertTrue(late.getMessage().contains("no name server answered in time"), late.getMessage());
    }

    @Test
    void overdueLookupIsNotWaitedFor() throws Exception {
        Duration limit = Duration.ofSeconds(2);
        resolver = resolver(limit);
        names = this::silent;
        assertThrows(UnknownHostException.class, () -> resolver.resolve("r.example"));
        long start = System.nanoTime();
        for (int i = 0; i < 5; i++) {
            assertThrows(UnknownHostException.class, () -> resolver.resolve("r.example"));
        }
        assertTrue(System.nanoTime() - start < limit.toNanos());
        assertEquals(1, lookups.get());
    }

    @Test
    void concurrentLookupsOfOneHostShareAQuery() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        names = host -> {
            asked.countDown();
            await(answer);
            return ADDRESSES;
        };
        List<Future<List<InetAddress>>> waiting = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            waiting.add(executor.submit(() -> resolver.resolve("r.example")));
        }
        asked.await();
        answer.countDown();
        for (Future<List<InetAddress>> each : waiting) {
            assertEquals(ADDRESSES, each.get());
        }
        assertTrue(lookups.get() < 20, () -> lookups + " lookups");
    }

    @Test
    void silentNameServersDoNotExhaustTheThreads() throws Exception {
        resolver = resolver(Duration.ofMillis(20));
        assertEquals(ADDRESSES, resolver.resolve("known.example"));
        names = this::silent;
        for (int i = 0; i < 40; i++) {
            String host = i + ".example";
            assertThrows(UnknownHostException.class, () -> resolver.resolve(host));
        }
        assertEquals(ADDRESSES, resolver.resolve("known.example"));
        assertEquals(33, lookups.get(), "one lookup for each of 32 threads, and the first");
    }

    private CachingResolver resolver(Duration limit) {
        return new CachingResolver(
                host -> {
                    lookups.incrementAndGet();
                    return names.resolve(host);
                },
                limit);
    }

    private List<InetAddress> silent(String host) {
        await(never);
        return ADDRESSES;
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
